"""A table of our own with encrypted fields, known to no migration: what any app's model looks like to the vault."""

from django.apps.registry import Apps
from django.db import models

from privacy.fields import EncryptedJSONField, EncryptedTextField
from privacy.models import DataSubject, SealedRow

registry = Apps()
registry.register_model("privacy", DataSubject)
TAGS = {"purpose": "application", "retention": "loan_file"}


class Owner(models.Model):
    subject = models.ForeignKey(DataSubject, models.PROTECT, related_name="+")

    class Meta:
        app_label = "privacy"
        apps = registry
        db_table = "test_owner"


class Diary(SealedRow):
    owner = models.ForeignKey(Owner, models.PROTECT, related_name="+")
    name = EncryptedTextField(subject="owner__subject", kind="name", **TAGS)
    phone = EncryptedTextField(subject="owner__subject", kind="phone", null=True, **TAGS)
    debts = EncryptedJSONField(subject="owner__subject", kind="debts", null=True, **TAGS)

    class Meta:
        app_label = "privacy"
        apps = registry
        db_table = "test_diary"
