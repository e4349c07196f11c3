"""What a listing says in the borrower's words is sealed under the borrower's key; it is found by keyed numbers, made by a job right after."""

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models
from django.utils import timezone

import privacy.shown

EMPTY = "—"
NO_FUNCTIONS = "DROP FUNCTION marketplace_has_words(text, text); DROP FUNCTION marketplace_words(text); DROP FUNCTION marketplace_plain(text);"
SHOWN = {"blank": True, "null": True, "kind": "project", "purpose": "listing_disclosure", "retention": "loan_file", "subject": "loan__file__subject"}


def seal(apps, schema_editor):
    alias = schema_editor.connection.alias
    listings = apps.get_model("marketplace", "Listing").objects.using(alias)
    for row in listings.order_by("pk").iterator(chunk_size=500):
        row.row_id = uuid.uuid4()
        summary, funds = row.disclosed.pop("summary"), row.disclosed["funds"]
        row.disclosed["funds"] = [item["amount"] for item in funds]
        if row.plain_title != EMPTY:
            row.title, row.story = row.plain_title, {"summary": summary, "funds": [item["label"] for item in funds]}
        row.save(using=alias, update_fields=["row_id", "disclosed", "title", "story"])
    if listings.filter(state="open").exists():
        job = {"name": "search.fill", "handler": "marketplace.search_index.fill", "key": "search:fill", "payload": {}, "next_at": timezone.now()}
        apps.get_model("core", "Job").objects.using(alias).create(**job)


class Migration(migrations.Migration):
    dependencies = [
        ("marketplace", "0009_questions"),
        ("loans", "0022_the_words_of_a_project_are_sealed"),
        ("core", "0003_allowance"),
    ]

    operations = [
        migrations.CreateModel(
            name="SearchKey",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("key_id", models.CharField(max_length=32)),
                ("made_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={"verbose_name": "key of the search", "verbose_name_plural": "keys of the search"},
        ),
        pgtrigger.migrations.RemoveTrigger(model_name="listing", name="keep_words"),
        migrations.RunSQL("DELETE FROM marketplace_listingwords", migrations.RunSQL.noop),
        migrations.RunSQL(NO_FUNCTIONS, migrations.RunSQL.noop),
        migrations.RemoveIndex("listingwords", "marketplace_listing_words"),
        migrations.RemoveField("listingwords", "text"),
        migrations.RemoveField("listingwords", "words"),
        migrations.AddField(
            "listingwords",
            "words",
            django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None, default=list),
            preserve_default=False,
        ),
        migrations.AddField(
            "listingwords",
            "key",
            models.ForeignKey(default=None, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="marketplace.searchkey"),
            preserve_default=False,
        ),
        migrations.AddIndex("listingwords", django.contrib.postgres.indexes.GinIndex(fields=["words"], name="marketplace_listing_words")),
        migrations.RenameField("listing", "title", "plain_title"),
        migrations.AddField("listing", "row_id", models.UUIDField(null=True)),
        migrations.AddField("listing", "title", privacy.shown.ShownTextField(**SHOWN)),
        migrations.AddField("listing", "story", privacy.shown.ShownJSONField(**SHOWN)),
        migrations.RunPython(seal, migrations.RunPython.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.RemoveField("listing", "plain_title"),
        migrations.AlterField("listing", "row_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
        pgtrigger.migrations.AddTrigger(
            model_name="listing",
            trigger=pgtrigger.compiler.Trigger(
                name="forget_words",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."state" = \'open\' AND NOT (NEW."state" = \'open\'))',
                    func="DELETE FROM marketplace_listingwords WHERE listing_id = NEW.id; RETURN NEW;",
                    hash="1ded353557b032d35503173d753af1999f9edc57",
                    operation='UPDATE OF "state"',
                    pgid="pgtrigger_forget_words_99768",
                    table="marketplace_listing",
                    when="AFTER",
                ),
            ),
        ),
    ]
