"""A roll-up also says what rows are whose words were taken out, and an affair when that was done."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("privacy", "0012_what_is_told_of_a_breach_and_asked_is_sealed")]

    operations = [
        migrations.AddField("matter", "emptied_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="records emptied at")),
        migrations.AddField(
            "rolledup",
            "emptied",
            models.JSONField(blank=True, default=dict, help_text="Row number to hash after its words were taken out.", verbose_name="hashes of emptied rows"),
        ),
    ]
