"""Every repayment rewrites what its holders received: room on the page, so that the new version needs no new index entries."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("loans", "0022_the_words_of_a_project_are_sealed")]

    operations = [
        migrations.RunSQL("ALTER TABLE loans_participation SET (fillfactor = 70)", reverse_sql="ALTER TABLE loans_participation RESET (fillfactor)"),
    ]
