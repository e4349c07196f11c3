"""Every repayment rewrites what its holders received: room on the page, so that the new version needs no new index entries."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("loans", "0021_charges_of_a_new_schedule_are_due_with_it")]

    operations = [
        migrations.RunSQL("ALTER TABLE loans_participation SET (fillfactor = 70)", reverse_sql="ALTER TABLE loans_participation RESET (fillfactor)"),
    ]
