"""What an investor looks for again and again, and is told about when it opens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from core.models import Referenced
from privacy.models import SealedRow
from privacy.shown import ShownTextField

FILTERS = ("q", "purpose", "grade", "term_max", "rate_min", "region", "industry")


def spelled(filters: Mapping[str, Any]) -> str:
    """The query of a list with these filters, in one spelling."""
    given = {name: value for name in FILTERS if (value := filters.get(name))}
    rate = given.get("rate_min")
    return urlencode(given | ({"rate_min": f"{rate * 100:f}".rstrip("0").rstrip(".")} if rate else {}))


NARROWS = ~Q(q__isnull=True, purpose="", grade="", term_max__isnull=True, rate_min__isnull=True, region="", industry="")


class SavedSearch(Referenced, SealedRow):
    """The filters of a list, kept for a party. `mark` is a keyed digest of the list's own query, so that one search is saved once."""

    REFERENCE_PREFIX = "SS"

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="saved_searches")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    mark = models.BinaryField(max_length=32)
    q = ShownTextField(subject="party__subject", purpose="account", kind="message", retention="account", absent="")
    purpose = models.CharField(max_length=20, blank=True)
    grade = models.CharField(max_length=2, blank=True)
    term_max = models.IntegerField(null=True, blank=True)
    rate_min = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    region = models.CharField(max_length=10, blank=True)
    industry = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("saved search")
        verbose_name_plural = _("saved searches")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["party", "mark"], condition=Q(ended_at=None), name="marketplace_savedsearch_once"),
            models.CheckConstraint(name="marketplace_savedsearch_narrows", condition=NARROWS),
        ]

    @property
    def address(self) -> str:
        """The list's own query."""
        return spelled({name: getattr(self, name) for name in FILTERS})
