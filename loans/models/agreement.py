"""The agreement: terms fixed at acceptance, signatures, and the seal that names its holders."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import Referenced
from loans.models.application import Obligor
from loans.models.offer import Offer


class Agreement(Referenced):
    """Terms as canonical JSON without personal data, their hash, and the signed PDF made from them."""

    REFERENCE_PREFIX = "AG"

    offer = models.OneToOneField(Offer, on_delete=models.PROTECT, related_name="agreement")
    terms = models.JSONField()
    terms_sha256 = models.CharField(max_length=64)
    fixed_at = models.DateTimeField()
    stored_name = models.CharField(max_length=120, blank=True)
    pdf_sha256 = models.CharField(max_length=64, blank=True)
    signature = models.CharField(max_length=128, blank=True)  # Ed25519 over pdf_sha256, base64
    holders_sha256 = models.CharField(max_length=64, blank=True)
    sealed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="loans_agreement_sealed_is_signed", condition=Q(sealed_at=None) | (~Q(pdf_sha256="") & ~Q(signature="") & ~Q(holders_sha256=""))
            )
        ]


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
        constraints: ClassVar = [models.CheckConstraint(name="loans_signature_after_reauthentication", condition=Q(signed_at__gte=models.F("reauthenticated_at")))]
