"""What staff write when they propose, sign or refuse a model is sealed under the installation's key: it may name a person."""

import uuid

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import privacy.shown
from privacy import shown, vault

TEXTS = ("why", "reason")
KEPT = {"kind": "staff_note", "purpose": "review", "retention": "loan_file", "subject": "installation"}
ANSWERED = "credit_change_needs_a_person_and_a_reason"


def seal(apps, schema_editor):
    alias = schema_editor.connection.alias
    for row in apps.get_model("credit", "ModelChange").objects.using(alias).order_by("pk").iterator(chunk_size=500):
        row.row_id = uuid.uuid4()
        for name in TEXTS:
            text = getattr(row, f"plain_{name}")
            sealed = shown.seal(vault.installation(), f"credit.modelchange.{name}:{row.row_id}", text.encode()) if text else None
            setattr(row, name, sealed and shown.Shown(sealed, text))
        row.save(using=alias, update_fields=["row_id", *TEXTS])


class Migration(migrations.Migration):
    dependencies = [("credit", "0005_records_are_kept"), ("privacy", "0012_what_is_told_of_a_breach_and_asked_is_sealed")]

    operations = [
        pgtrigger.migrations.RemoveTrigger(model_name="modelchange", name="change_proposed_once"),
        migrations.RemoveConstraint("modelchange", ANSWERED),
        *(migrations.RenameField("modelchange", name, f"plain_{name}") for name in TEXTS),
        migrations.AddField("modelchange", "row_id", models.UUIDField(null=True)),
        *(migrations.AddField("modelchange", name, privacy.shown.ShownTextField(**KEPT)) for name in TEXTS),
        migrations.RunPython(seal, migrations.RunPython.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        *(migrations.RemoveField("modelchange", f"plain_{name}") for name in TEXTS),
        migrations.AlterField("modelchange", "row_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
        migrations.AddConstraint(
            "modelchange",
            models.CheckConstraint(
                name=ANSWERED, condition=models.Q(state="proposed") | models.Q(answered_by__isnull=False, reason__isnull=False)
            ),
        ),
        migrations.AddConstraint("modelchange", models.CheckConstraint(name="credit_change_says_why", condition=models.Q(why__isnull=False))),
        pgtrigger.migrations.AddTrigger(
            model_name='modelchange',
            trigger=pgtrigger.compiler.Trigger(name='change_proposed_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."evidence" IS DISTINCT FROM (NEW."evidence") OR OLD."intercept" IS DISTINCT FROM (NEW."intercept") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."model" IS DISTINCT FROM (NEW."model") OR OLD."model_sha256" IS DISTINCT FROM (NEW."model_sha256") OR OLD."proposed_at" IS DISTINCT FROM (NEW."proposed_at") OR OLD."proposed_by_id" IS DISTINCT FROM (NEW."proposed_by_id") OR OLD."segment" IS DISTINCT FROM (NEW."segment") OR OLD."slope" IS DISTINCT FROM (NEW."slope"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='7bf03d8c9f6ffacd3772ae6e9d67d1b207841a93', operation='UPDATE', pgid='pgtrigger_change_proposed_once_8ba1d', table='credit_modelchange', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='modelchange',
            trigger=pgtrigger.compiler.Trigger(name='change_argued_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."why" IS DISTINCT FROM NEW."why")', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='00a26d5d426500cc79420d7c9b18f214d24968e7', operation='UPDATE', pgid='pgtrigger_change_argued_once_21795', table='credit_modelchange', when='BEFORE')),
        ),
    ]
