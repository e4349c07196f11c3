"""What payers wrote with their money is sealed: under the key of the party a line was booked for, else under the installation's own."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

import privacy.fields
from privacy import vault

SCOPE = "payments.bank_line.reference"


def seal(apps, schema_editor):
    alias = schema_editor.connection.alias
    for line in apps.get_model("payments", "BankLine").objects.using(alias).select_related("payment__party__subject").iterator():
        party = line.payment.party if line.payment else None
        known = party is not None and party.subject.erased_at is None
        line.row_id = uuid.uuid4()
        line.subject_id = party.subject_id if known else vault.installation()
        line.reference, line.reference_index = line.plain_reference, vault.blind_index(SCOPE, line.plain_reference)
        line.save(using=alias, update_fields=["row_id", "subject", "reference", "reference_index"])
    for line in apps.get_model("payments", "SandboxLine").objects.using(alias).filter(direction="in").iterator():
        line.words = vault.seal(vault.installation(), f"sandbox_bank.line:{line.key}", line.reference.encode())
        line.reference = ""
        line.save(using=alias, update_fields=["words", "reference"])


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0002_bank_bookings"),
        ("privacy", "0005_keys_have_two_halves"),
    ]

    operations = [
        migrations.RenameField("bankline", "reference", "plain_reference"),
        migrations.AddField("bankline", "row_id", models.UUIDField(null=True)),
        migrations.AddField(
            "bankline",
            "subject",
            models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="privacy.datasubject"),
        ),
        migrations.AddField(
            "bankline",
            "reference",
            privacy.fields.EncryptedTextField(null=True, kind="bank_flows", purpose="wallet", retention="ledger", subject="subject"),
        ),
        migrations.AddField("bankline", "reference_index", models.BinaryField(max_length=32, null=True)),
        migrations.AddField("sandboxline", "words", models.BinaryField(null=True)),
        migrations.RunPython(seal, migrations.RunPython.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.RemoveField("bankline", "plain_reference"),
        migrations.AlterField("bankline", "row_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
        migrations.AlterField(
            "bankline", "subject", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="privacy.datasubject")
        ),
        migrations.AlterField(
            "bankline", "reference", privacy.fields.EncryptedTextField(kind="bank_flows", purpose="wallet", retention="ledger", subject="subject")
        ),
        migrations.AlterField("bankline", "reference_index", models.BinaryField(max_length=32)),
    ]
