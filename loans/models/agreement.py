"""The agreement: terms fixed at acceptance, signatures, and the seal that names its holders."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import Referenced
from loans.models.application import Obligor
from loans.models.offer import Offer
from privacy.models import append_only, not_emptied


class Agreement(Referenced):
    """Terms as canonical JSON without personal data, and their hash. Fixed when the last obligor has signed, sealed when the holders are known."""

    REFERENCE_PREFIX = "AG"

    offer = models.OneToOneField(Offer, on_delete=models.PROTECT, related_name="agreement")
    terms = models.JSONField()
    terms_sha256 = models.CharField(max_length=64)
    language = models.CharField(max_length=10, blank=True)
    drawn_up_at = models.DateTimeField()
    fixed_at = models.DateTimeField(null=True, blank=True)
    holders_sha256 = models.CharField(max_length=64, blank=True)
    sealed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="loans_agreement_sealed_names_holders", condition=Q(sealed_at=None) | (Q(fixed_at__isnull=False) & ~Q(holders_sha256=""))
            )
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="agreement_terms_fixed",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__terms_sha256__df=pgtrigger.F("new__terms_sha256")) | pgtrigger.Q(old__terms__df=pgtrigger.F("new__terms")),
            )
        ]


class AgreementPaper(models.Model):
    """One signed PDF of the agreement: as fixed at acceptance, and as sealed with its holders at fill. Append-only."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="papers")
    kind = models.CharField(max_length=6, choices=[("fixed", _("as accepted")), ("sealed", _("with its holders"))])
    stored_name = models.CharField(max_length=120, unique=True)
    sha256 = models.CharField(max_length=64)
    signature = models.BinaryField(max_length=64)  # Ed25519 by the installation over the sha256 digest
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("agreement paper")
        verbose_name_plural = _("agreement papers")
        constraints: ClassVar = [models.UniqueConstraint(fields=["agreement", "kind"], name="loans_agreementpaper_once")]
        triggers: ClassVar = [pgtrigger.Protect(name="paper_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]


class Signature(models.Model):
    """One obligor's acceptance of the terms, with the re-authentication that came before it."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="signatures")
    obligor = models.OneToOneField(Obligor, on_delete=models.PROTECT, related_name="signature")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    terms_sha256 = models.CharField(max_length=64)
    method = models.CharField(max_length=20)  # password | webauthn | totp
    reauthenticated_at = models.DateTimeField()
    signed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        constraints: ClassVar = [
            models.CheckConstraint(name="loans_signature_after_reauthentication", condition=Q(signed_at__gte=models.F("reauthenticated_at")))
        ]
        triggers: ClassVar = [append_only("signature_append_only"), not_emptied("signature_not_emptied")]
