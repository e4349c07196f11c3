"""Title, summary and the names of the items are sealed under the borrower's key, row by row. What was emptied says so by a date instead of a dash."""

import uuid

from django.db import migrations, models
from django.utils import timezone

import privacy.shown

EMPTY = "—"
SOON = [("application", ("title", "summary")), ("fundsitem", ("label",))]


def words(subject, kind):
    return privacy.shown.ShownTextField(blank=True, null=True, kind=kind, purpose="application", retention="loan_file", subject=subject)


def seal(apps, schema_editor):
    alias = schema_editor.connection.alias
    for name, fields in SOON:
        for row in apps.get_model("loans", name).objects.using(alias).order_by("pk").iterator(chunk_size=500):
            row.row_id = uuid.uuid4()
            for field in fields:
                setattr(row, field, getattr(row, f"plain_{field}"))
            row.save(using=alias, update_fields=["row_id", *fields])
    apps.get_model("loans", "Application").objects.using(alias).filter(plain_title=EMPTY).update(emptied_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("loans", "0021_charges_of_a_new_schedule_are_due_with_it"), ("privacy", "0009_why_staff_look")]

    operations = [
        migrations.RemoveConstraint("application", "loans_application_submitted_is_complete"),
        migrations.RenameField("application", "title", "plain_title"),
        migrations.RenameField("application", "summary", "plain_summary"),
        migrations.RenameField("fundsitem", "label", "plain_label"),
        migrations.AddField("application", "emptied_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("application", "row_id", models.UUIDField(null=True)),
        migrations.AddField("application", "title", words("file__subject", "project")),
        migrations.AddField("application", "summary", words("file__subject", "project")),
        migrations.AddField("fundsitem", "row_id", models.UUIDField(null=True)),
        migrations.AddField("fundsitem", "label", words("application__file__subject", "use_of_funds")),
        migrations.RunPython(seal, migrations.RunPython.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.RemoveField("application", "plain_title"),
        migrations.RemoveField("application", "plain_summary"),
        migrations.RemoveField("fundsitem", "plain_label"),
        migrations.AlterField("application", "row_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
        migrations.AlterField("fundsitem", "row_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
        migrations.AddConstraint(
            "application",
            models.CheckConstraint(
                name="loans_application_submitted_is_complete",
                condition=models.Q(state__in=["draft", "withdrawn"])
                | (
                    models.Q(submitted_at__isnull=False, amount__isnull=False, term_months__isnull=False)
                    & ~models.Q(purpose="")
                    & ~models.Q(method="")
                ),
            ),
        ),
        migrations.AddConstraint(
            "application",
            models.CheckConstraint(
                name="loans_application_has_a_title",
                condition=models.Q(state__in=["draft", "withdrawn"]) | models.Q(title__isnull=False) | models.Q(emptied_at__isnull=False),
            ),
        ),
        migrations.AddConstraint(
            "application",
            models.CheckConstraint(
                name="loans_application_emptied_says_nothing",
                condition=models.Q(emptied_at=None) | models.Q(title__isnull=True, summary__isnull=True),
            ),
        ),
    ]
