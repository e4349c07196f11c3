"""What is answered to a contact's complaint."""

from django.db import migrations

import privacy.fields


class Migration(migrations.Migration):
    dependencies = [("privacy", "0013_what_has_outlived_its_rule_is_emptied")]

    operations = [
        migrations.AddField(
            "complaint",
            "answer",
            privacy.fields.EncryptedTextField(blank=True, kind="message", null=True, purpose="rights", retention="contact", subject="contact__subject"),
        ),
    ]
