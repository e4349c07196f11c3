"""A mandate: what an investor has told the platform to fund for them. Its terms are never edited: a change is the next version."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from core.models import Referenced
from core.states import Transitions, reached, track_state
from privacy.models import append_only

MANDATE = Transitions(initial="stopped", moves={"stopped": ("running", "ended"), "running": ("stopped", "ended"), "ended": ()})


@track_state
class Mandate(Referenced):
    """One strategy of a party. `rank`: which of the party's mandates comes first where a loan fits several."""

    REFERENCE_PREFIX = "MD"

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="mandates")
    rank = models.IntegerField(_("order"))
    version = models.PositiveIntegerField(_("version"), default=1)
    state = models.CharField(max_length=10, default="stopped", choices=[("stopped", _("Stopped")), ("running", _("Running")), ("ended", _("Deleted"))])
    created_at = models.DateTimeField()
    running_since = models.DateTimeField(_("running since"), null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("mandate")
        verbose_name_plural = _("mandates")
        constraints: ClassVar = [
            reached(["running"], "running_since", name="marketplace_mandate_running"),
            reached(["ended"], "ended_at", name="marketplace_mandate_ended"),
            models.CheckConstraint(name="marketplace_mandate_version", condition=Q(version__gte=1)),
        ]
        triggers: ClassVar = [MANDATE.trigger()]
        indexes: ClassVar = [models.Index(fields=["party", "rank"], name="marketplace_mandate_by_party")]


def _codes(size: int = 20) -> ArrayField:
    return ArrayField(models.CharField(max_length=size), default=list, blank=True)


class MandateTerms(models.Model):
    """One version of a mandate. An empty list takes any value; an empty limit is none. Amounts in minor units, shares as fractions.

    `limits` are [attribute, value, share]: at most that share of (idle cash + what is held) in loans of that grade, purpose or term.
    """

    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    grades = _codes(2)
    min_rate = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    terms = ArrayField(models.IntegerField(), default=list, blank=True)
    purposes = _codes()
    industries = _codes()
    regions = _codes()
    amounts = _codes()
    verifications = _codes()
    methods = _codes()
    per_loan = models.BigIntegerField()
    per_borrower = models.BigIntegerField(null=True, blank=True)
    share_of_loan = models.DecimalField(max_digits=5, decimal_places=4, null=True, blank=True)
    limits = models.JSONField(default=list, blank=True)
    keep_cash = models.BigIntegerField(default=0)
    reinvest = models.BooleanField(default=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    risk_acknowledged_at = models.DateTimeField()

    class Meta:
        verbose_name = _("terms of a mandate")
        verbose_name_plural = _("terms of mandates")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["mandate", "number"], name="marketplace_mandateterms_once"),
            models.CheckConstraint(name="marketplace_mandateterms_amounts", condition=Q(per_loan__gt=0, keep_cash__gte=0, number__gte=1)),
            models.CheckConstraint(name="marketplace_mandateterms_borrower", condition=Q(per_borrower__isnull=True) | Q(per_borrower__gte=F("per_loan"))),
            models.CheckConstraint(
                name="marketplace_mandateterms_share", condition=Q(share_of_loan__isnull=True) | Q(share_of_loan__gt=0, share_of_loan__lte=1)
            ),
        ]
        triggers: ClassVar = [append_only("mandateterms_append_only")]

    def __str__(self) -> str:
        return f"{self.mandate_id}.{self.number}"
