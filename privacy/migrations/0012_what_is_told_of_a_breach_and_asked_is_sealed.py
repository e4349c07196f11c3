"""What staff write about a breach is sealed under the installation's key: it may name a person. So is, under the person's own, what a request is about."""

import uuid

from django.db import migrations, models

import privacy.shown
from privacy import shown, vault

TEXTS = {"what": "what happened", "cause": "cause", "harm": "possible harm", "remedies": "remedies taken, and what persons can do"}
KEPT = {"editable": True, "kind": "staff_note", "purpose": "rights", "retention": "loan_file", "subject": "installation"}
ABOUT = {"kind": "message", "purpose": "rights", "retention": "support", "subject": "subject"}


def seal(apps, schema_editor):
    alias = schema_editor.connection.alias
    for row in apps.get_model("privacy", "Breach").objects.using(alias).order_by("pk").iterator(chunk_size=500):
        row.row_id = uuid.uuid4()
        for name in TEXTS:
            text = getattr(row, f"plain_{name}")
            sealed = shown.seal(vault.installation(), f"privacy.breach.{name}:{row.row_id}", text.encode()) if text else None
            setattr(row, name, sealed and shown.Shown(sealed, text))
        row.save(using=alias, update_fields=["row_id", *TEXTS])


def seal_about(apps, schema_editor):
    alias = schema_editor.connection.alias
    for row in apps.get_model("privacy", "RightsRequest").objects.using(alias).exclude(plain_about="").order_by("pk").iterator(chunk_size=500):
        try:
            row.about = shown.Shown(shown.seal(row.subject_id, f"privacy.rightsrequest.about:{row.row_id}", row.plain_about.encode()))
        except vault.Erased:  # the words go with the person
            continue
        row.save(using=alias, update_fields=["about"])


class Migration(migrations.Migration):
    dependencies = [("privacy", "0011_a_no_is_taken_back_like_silence_and_who_asked_for_a_code")]

    operations = [
        *(migrations.RenameField("breach", name, f"plain_{name}") for name in TEXTS),
        migrations.AddField("breach", "row_id", models.UUIDField(null=True)),
        *(migrations.AddField("breach", name, privacy.shown.ShownTextField(verbose_name=label, **KEPT)) for name, label in TEXTS.items()),
        migrations.RunPython(seal, migrations.RunPython.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        *(migrations.RemoveField("breach", f"plain_{name}") for name in TEXTS),
        migrations.RenameField("rightsrequest", "about", "plain_about"),
        migrations.AddField("rightsrequest", "about", privacy.shown.ShownTextField(verbose_name="about", **ABOUT)),
        migrations.RunPython(seal_about, migrations.RunPython.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.RemoveField("rightsrequest", "plain_about"),
        migrations.AlterField("breach", "row_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
        migrations.AddConstraint("breach", models.CheckConstraint(name="privacy_breach_says_what", condition=models.Q(what__isnull=False))),
    ]
