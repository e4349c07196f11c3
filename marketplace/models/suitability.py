"""A check of what an investor understands and can bear: the answers and figures sealed, the outcome plain."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from core.models import Referenced
from privacy.fields import EncryptedJSONField
from privacy.models import SealedRow


class SuitabilityCheck(Referenced, SealedRow):
    """One taking of the test with the figures given beside it; the latest counts. `answers` also holds income, assets, commitments in minor units."""

    REFERENCE_PREFIX = "SC"

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="suitability_checks")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    pack = models.CharField(_("pack"), max_length=24)
    answers = EncryptedJSONField(subject="party__subject", purpose="suitability", kind="suitability", retention="account")
    right = models.IntegerField(_("right answers"))
    asked = models.IntegerField(_("questions"))
    passed = models.BooleanField(_("passed"))
    checked_at = models.DateTimeField(_("checked at"))
    acknowledged_at = models.DateTimeField(_("warning acknowledged at"), null=True, blank=True)

    class Meta:
        verbose_name = _("suitability check")
        verbose_name_plural = _("suitability checks")
        constraints: ClassVar = [
            models.CheckConstraint(name="marketplace_suitability_right", condition=Q(right__gte=0, right__lte=F("asked"), asked__gt=0)),
            models.CheckConstraint(name="marketplace_suitability_order", condition=Q(acknowledged_at__isnull=True) | Q(acknowledged_at__gte=F("checked_at"))),
        ]
        indexes: ClassVar = [models.Index(fields=["party", "-checked_at"], name="marketplace_suitability_last")]
