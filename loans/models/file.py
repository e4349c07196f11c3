"""The borrower's file: what a person told us for one loan, sealed, and who may see which part of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from accounts.models import Party
from core.models import Referenced
from privacy.fields import EncryptedTextField
from privacy.models import Consent, DataSubject, Matter, SealedRow


def _sealed(kind: str) -> EncryptedTextField:
    return EncryptedTextField(subject="subject", purpose="application", kind=kind, retention="loan_file", null=True, blank=True)


class BorrowerFile(Referenced, SealedRow):
    """One person's or business's sealed answers for one loan. Everything an investor sees of a borrower comes from here, through the table."""

    REFERENCE_PREFIX = "BF"

    class Stage(models.TextChoices):
        DRAFT = "draft", _("not published")
        LISTING = "listing", _("listing")
        FUNDED = "funded", _("funded")
        LATE = "late", _("late")
        DEFAULT = "default", _("default")
        ENFORCEMENT = "enforcement", _("enforcement")
        CLOSED = "closed", _("closed")

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="files")
    subject = models.ForeignKey(DataSubject, on_delete=models.PROTECT, related_name="+")
    matter = models.OneToOneField(Matter, on_delete=models.PROTECT, related_name="+")
    stage = models.CharField(max_length=12, choices=Stage, default=Stage.DRAFT)

    legal_name = _sealed("identity.name")
    phone = _sealed("contact.phone")
    address = _sealed("contact.address")
    occupation = _sealed("work.occupation")  # code
    industry = _sealed("work.industry")  # code
    region = _sealed("residence.region")  # province code
    housing = _sealed("residence.housing")  # code
    months_at_work = _sealed("work.months")
    income_monthly = _sealed("finance.income")  # minor units
    debt_monthly = _sealed("finance.debt_service")  # minor units
    debt_total = _sealed("finance.debt")  # minor units
    debt_other_platforms = _sealed("finance.debt_platforms")  # minor units
    overdue_count_6m = _sealed("finance.overdue")
    background = _sealed("project.background")
    repayment_plan = _sealed("project.repayment_plan")
    repayment_source = _sealed("project.repayment_source")  # code

    class Meta:
        verbose_name = _("borrower file")
        verbose_name_plural = _("borrower files")
        default_permissions = ()
        permissions: ClassVar = [
            ("disclose_investor", "May see what an investor may see"),
            ("disclose_pledger", "May see what a pledger may see"),
            ("disclose_holder", "May see what a holder may see"),
            ("disclose_claimant", "May see what a claimant may see"),
        ]


class DisclosureGrant(UserObjectPermissionBase):
    """An object permission of django-guardian on a borrower's file, with the reason it was given. Made by loans.file.grant alone; ended, never deleted."""

    content_object = models.ForeignKey(BorrowerFile, on_delete=models.PROTECT, related_name="grants")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    relation = models.CharField(max_length=10, choices=[(r, r) for r in ("investor", "pledger", "holder", "claimant")])
    purpose = models.CharField(max_length=40)
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(UserObjectPermissionBase.Meta):
        verbose_name = _("disclosure grant")
        verbose_name_plural = _("disclosure grants")
        constraints: ClassVar = [
            models.CheckConstraint(name="loans_disclosuregrant_relation", condition=Q(relation__in=["investor", "pledger", "holder", "claimant"])),
        ]


class FileGroupPermission(GroupObjectPermissionBase):
    """Exists so that guardian never falls back to its generic table for groups; the database refuses every row."""

    content_object = models.ForeignKey(BorrowerFile, on_delete=models.PROTECT, related_name="+")

    class Meta(GroupObjectPermissionBase.Meta):
        constraints: ClassVar = [models.CheckConstraint(name="loans_filegrouppermission_none", condition=Q(pk=None))]
