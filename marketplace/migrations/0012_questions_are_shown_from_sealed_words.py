"""Questions and answers that were let through are sealed as well: each under the key of who wrote it."""

from django.db import migrations, models

import privacy.shown

KEPT = {"blank": True, "null": True, "purpose": "listing_disclosure", "kind": "message", "retention": "loan_file"}
SUBJECTS = {"shown_text": "party__subject", "shown_answer": "listing__loan__file__subject"}


def seal(apps, schema_editor):
    for row in apps.get_model("marketplace", "Question").objects.using(schema_editor.connection.alias).order_by("pk").iterator(chunk_size=500):
        row.shown_text, row.shown_answer = row.plain_text, row.plain_answer
        row.save(using=schema_editor.connection.alias, update_fields=["shown_text", "shown_answer"])


class Migration(migrations.Migration):
    dependencies = [("marketplace", "0011_pledges_are_settled_together")]

    operations = [
        migrations.RemoveConstraint("question", "marketplace_question_shown"),
        migrations.RenameField("question", "shown_text", "plain_text"),
        migrations.RenameField("question", "shown_answer", "plain_answer"),
        *(migrations.AddField("question", name, privacy.shown.ShownTextField(subject=subject, **KEPT)) for name, subject in SUBJECTS.items()),
        migrations.RunPython(seal, migrations.RunPython.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.RemoveField("question", "plain_text"),
        migrations.RemoveField("question", "plain_answer"),
        migrations.AddConstraint(
            "question",
            models.CheckConstraint(name="marketplace_question_shown", condition=models.Q(state__in=["published"]) | models.Q(shown_answer__isnull=True)),
        ),
    ]
