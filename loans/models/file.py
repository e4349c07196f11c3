"""The borrower's file: what a person told us for one loan, sealed, and who may see which part of it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from guardian.managers import UserObjectPermissionManager
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from accounts.models import Membership, Party
from core.models import Referenced
from privacy import notices
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

    legal_name = _sealed("name")
    phone = _sealed("phone")
    address = _sealed("address")
    occupation = _sealed("employment")  # code
    industry = _sealed("employment")  # code
    region = _sealed("address")  # province code
    housing = _sealed("household")  # code
    months_at_work = _sealed("employment")
    income_monthly = _sealed("income")  # minor units
    debt_monthly = _sealed("debts")  # minor units
    debt_total = _sealed("debts")  # minor units
    debt_other_platforms = _sealed("debts")  # minor units
    overdue_count_6m = _sealed("credit_report")
    background = _sealed("project")
    repayment_plan = _sealed("repayment_plan")
    repayment_source = _sealed("repayment_plan")  # code
    spoken = models.JSONField(default=dict, blank=True)  # how precisely a listing spoke of it (anonymity.py): {dimension: level}; never finer again

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


# In which stages of the file a relation opens it: a grant of another stage is there and opens nothing.
GRANT_STAGES = {
    "investor": ("listing",),
    "pledger": ("listing",),
    "holder": ("funded", "late", "default", "enforcement", "closed"),
    "claimant": ("enforcement",),
}


class LiveGrants(UserObjectPermissionManager):
    """Grants in force at this moment: not ended, not expired, their consent (and the notice it answered) and their stage still stand, the user still
    acts for the party, and the person is neither erased nor restricted to a legal hold.

    The default manager, so that guardian's own queries (has_perm, get_objects_for_user) see nothing else. The database's clock
    decides, because a grant must not outlive its hour by the age of a cached argument.
    """

    def get_queryset(self) -> models.QuerySet[Any]:
        acting = Membership.objects.filter(_lasts("ended_at"), user=models.OuterRef("user"), party=models.OuterRef("party"))
        return (
            super()
            .get_queryset()
            .filter(_lasts("expires_at"), _lasts("consent__expires_at"), _in_stage(), models.Exists(acting), ended_at=None, consent__decision="given")
            .filter(content_object__subject__restricted_at=None, content_object__subject__erased_at=None)
            .exclude(models.Exists(_taken_back()))
            .exclude(consent__notice__in=notices.superseded().values("pk"))
        )


def _lasts(until: str) -> Q:
    return Q(**{until: None}) | Q(**{f"{until}__gt": Now()})


def _in_stage() -> Q:
    fits = Q()
    for relation, stages in GRANT_STAGES.items():
        fits |= Q(relation=relation, content_object__stage__in=stages)
    return fits


def _taken_back() -> models.QuerySet[Consent]:
    """A later answer to the same question that is not a yes."""
    return Consent.objects.filter(
        subject=models.OuterRef("consent__subject"),
        purpose=models.OuterRef("consent__purpose"),
        matter__isnull=False,
        matter=models.OuterRef("consent__matter"),
        sequence__gt=models.OuterRef("consent__sequence"),
    ).exclude(decision="given")


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

    objects: ClassVar[LiveGrants] = LiveGrants()
    history: ClassVar[models.Manager[DisclosureGrant]] = models.Manager()

    class Meta:
        verbose_name = _("disclosure grant")
        verbose_name_plural = _("disclosure grants")
        indexes: ClassVar = [models.Index(fields=["user", "content_object"], condition=Q(ended_at=None), name="loans_disclosuregrant_page")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "permission", "content_object"], condition=Q(ended_at=None), name="loans_disclosuregrant_one_live"),
            models.CheckConstraint(name="loans_disclosuregrant_relation", condition=Q(relation__in=["investor", "pledger", "holder", "claimant"])),
        ]


class FileGroupPermission(GroupObjectPermissionBase):
    """Exists so that guardian never falls back to its generic table for groups; the database refuses every row."""

    content_object = models.ForeignKey(BorrowerFile, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(name="loans_filegrouppermission_none", condition=Q(pk=None))]
