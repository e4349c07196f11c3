"""Data keys wrapped under the master key alone are wrapped again under master key and half."""

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import migrations


def wrap_again(apps, schema_editor):
    from privacy import keystore, vault

    rows = apps.get_model("privacy", "DataSubject").objects.filter(erased_at__isnull=True)
    masters = vault.master_keys() if rows.exists() else {}
    for row in rows.iterator():
        wrapped = bytes(row.wrapped_key)
        data_key = AESGCM(masters[row.key_id]).decrypt(wrapped[: vault.NONCE], wrapped[vault.NONCE :], vault._key_aad(row.pk))
        row.key_id, row.wrapped_key = vault._wrap(data_key, subject_id=row.pk, half=keystore.make(row.pk))
        row.save(update_fields=["key_id", "wrapped_key"])


class Migration(migrations.Migration):
    dependencies = [("privacy", "0004_consents_expire")]
    operations = [migrations.RunPython(wrap_again, migrations.RunPython.noop)]
