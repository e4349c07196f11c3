"""What an investor looks for again and again, and is told about when it opens."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from core.models import Referenced


class SavedSearch(Referenced):
    """The filters of a list, kept for a party. `address` is the list's own query, in one fixed spelling, so that one search is saved once."""

    REFERENCE_PREFIX = "SS"

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="saved_searches")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    address = models.CharField(max_length=600)
    q = models.CharField(max_length=60, blank=True)
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
            models.UniqueConstraint(fields=["party", "address"], condition=Q(ended_at=None), name="marketplace_savedsearch_once"),
            models.CheckConstraint(name="marketplace_savedsearch_narrows", condition=~Q(address="")),
        ]
