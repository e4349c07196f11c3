"""Who buys somebody's claim is sealed under the borrower's key, like all else of that loan's trouble."""

import uuid

from django.db import migrations, models

import privacy.shown
from privacy import shown, vault


def seal(apps, schema_editor):
    alias = schema_editor.connection.alias
    sales = apps.get_model("loans", "DebtSale").objects.using(alias).select_related("loan__file").order_by("pk")
    for row in sales.iterator(chunk_size=500):
        row.row_id = uuid.uuid4()
        try:
            sealed = shown.seal(row.loan.file.subject_id, f"loans.debtsale.buyer:{row.row_id}", row.plain_buyer.encode())
        except vault.Erased:  # nobody is left to read it
            sealed = shown.seal(vault.installation(), f"loans.debtsale.buyer:{row.row_id}", shown.GONE.encode())
        row.buyer = shown.Shown(sealed)
        row.save(using=alias, update_fields=["row_id", "buyer"])


class Migration(migrations.Migration):
    dependencies = [("loans", "0025_a_page_of_open_files_is_one_walk"), ("privacy", "0012_what_is_told_of_a_breach_and_asked_is_sealed")]

    operations = [
        migrations.RenameField("debtsale", "buyer", "plain_buyer"),
        migrations.AddField("debtsale", "row_id", models.UUIDField(null=True)),
        migrations.AddField(
            "debtsale",
            "buyer",
            privacy.shown.ShownTextField(kind="contract_terms", purpose="collections", retention="loan_file", subject="loan__file__subject"),
        ),
        migrations.RunPython(seal, migrations.RunPython.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.RemoveField("debtsale", "plain_buyer"),
        migrations.AlterField("debtsale", "row_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
        migrations.AddConstraint("debtsale", models.CheckConstraint(name="loans_debtsale_names_the_buyer", condition=models.Q(buyer__isnull=False))),
    ]
