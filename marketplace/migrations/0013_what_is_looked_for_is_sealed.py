"""The words an investor looks for are sealed under the investor's key; a search is told from another by a keyed digest."""

import uuid

from django.db import migrations, models

import privacy.shown
from marketplace.models.saved_search import FILTERS, spelled
from privacy import vault


def seal(apps, schema_editor):
    alias = schema_editor.connection.alias
    for row in apps.get_model("marketplace", "SavedSearch").objects.using(alias).order_by("pk").iterator(chunk_size=500):
        row.row_id = uuid.uuid4()
        row.mark = vault.blind_index("saved_search", spelled({name: getattr(row, name) for name in FILTERS} | {"q": row.plain_q}))
        row.q = row.plain_q
        row.save(using=alias, update_fields=["row_id", "mark", "q"])


class Migration(migrations.Migration):
    dependencies = [("marketplace", "0012_questions_are_shown_from_sealed_words")]

    operations = [
        migrations.RemoveConstraint("savedsearch", "marketplace_savedsearch_once"),
        migrations.RemoveConstraint("savedsearch", "marketplace_savedsearch_narrows"),
        migrations.RenameField("savedsearch", "q", "plain_q"),
        migrations.AddField("savedsearch", "row_id", models.UUIDField(null=True)),
        migrations.AddField("savedsearch", "mark", models.BinaryField(max_length=32, null=True)),
        migrations.AddField(
            "savedsearch",
            "q",
            privacy.shown.ShownTextField(subject="party__subject", purpose="account", kind="message", retention="account", absent=""),
        ),
        migrations.RunPython(seal, migrations.RunPython.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.RemoveField("savedsearch", "plain_q"),
        migrations.RemoveField("savedsearch", "address"),
        migrations.AlterField("savedsearch", "row_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
        migrations.AlterField("savedsearch", "mark", models.BinaryField(max_length=32)),
        migrations.AddConstraint(
            "savedsearch",
            models.UniqueConstraint(fields=["party", "mark"], condition=models.Q(ended_at=None), name="marketplace_savedsearch_once"),
        ),
        migrations.AddConstraint("savedsearch", models.CheckConstraint(name="marketplace_savedsearch_narrows", condition=~models.Q(
                    q__isnull=True, purpose="", grade="", term_max__isnull=True, rate_min__isnull=True, region="", industry=""
                ))),
    ]
