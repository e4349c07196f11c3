"""A pledge: money held for a listing until it fills; and the intent it is for a moment before."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from core.models import Referenced
from core.states import Transitions, reached, track_state
from marketplace.models.listing import Listing
from marketplace.models.mandate import Mandate
from marketplace.models.run import MatchRun
from privacy.models import Consent

PLEDGE = Transitions(initial="reserved", moves={"reserved": ("cancelled", "released", "settled"), "cancelled": (), "released": (), "settled": ()})


@track_state
class Pledge(Referenced):
    """A promise of money for a listing, with the cash held in the books by the same statement. By hand, or by a mandate in a run."""

    REFERENCE_PREFIX = "PL"

    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="pledges")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="pledges")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()
    run = models.ForeignKey(MatchRun, on_delete=models.PROTECT, null=True, blank=True, related_name="pledges")
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, null=True, blank=True, related_name="pledges")
    hold_key = models.CharField(max_length=80, unique=True)
    state = models.CharField(
        max_length=10,
        default="reserved",
        choices=[("reserved", _("Reserved")), ("cancelled", _("Cancelled by you")), ("released", _("Returned")), ("settled", _("Invested"))],
    )
    risk_acknowledged_at = models.DateTimeField()
    pledged_at = models.DateTimeField()
    cancel_until = models.DateTimeField()
    reflect_until = models.DateTimeField(null=True, blank=True)  # until then it can be taken back whole, and a full listing waits
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("pledge")
        verbose_name_plural = _("pledges")
        constraints: ClassVar = [
            models.CheckConstraint(name="marketplace_pledge_amount_positive", condition=Q(amount__gt=0)),
            reached(["cancelled", "released", "settled"], "ended_at", name="marketplace_pledge_ended"),
            models.CheckConstraint(name="marketplace_pledge_reflect", condition=Q(reflect_until=None) | Q(reflect_until__lte=F("cancel_until"))),
            models.CheckConstraint(name="marketplace_pledge_by_mandate", condition=Q(run=None, mandate=None) | Q(run__isnull=False, mandate__isnull=False)),
        ]
        triggers: ClassVar = [PLEDGE.trigger(), pgtrigger.Protect(name="pledge_kept", operation=pgtrigger.Delete)]
        indexes: ClassVar = [models.Index(fields=["party", "-pledged_at"], name="marketplace_pledge_by_party")]

    @property
    def stands(self) -> str:
        """Its state as its owner reads it: invested in a loan that was ended before it was paid out, the money is back, so it was returned."""
        return "released" if self.state == "settled" and self.listing.loan.state == "cancelled" else self.state


class PledgeIntent(models.Model):
    """What somebody waits to have settled (`placing`): rows of milliseconds, in a table that is not logged and has no foreign keys."""

    id = models.UUIDField(primary_key=True)
    listing = models.ForeignKey(Listing, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    party = models.ForeignKey(Party, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    consent = models.ForeignKey(Consent, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    amount = models.BigIntegerField()
    seen_rate = models.DecimalField(max_digits=9, decimal_places=6)
    reference = models.CharField(max_length=16)
    hold_key = models.CharField(max_length=80)
    pledged_at = models.DateTimeField()
    booked_on = models.DateField()
    cancel_until = models.DateTimeField()
    reflect_until = models.DateTimeField(null=True, blank=True)
    made_at = models.DateTimeField()  # by the database's clock: it measures processes, not business
    refused = models.CharField(max_length=20, blank=True)

    class Meta:
        verbose_name = _("intent to pledge")
        verbose_name_plural = _("intents to pledge")
        constraints: ClassVar = [models.CheckConstraint(name="marketplace_pledgeintent_amount_positive", condition=Q(amount__gt=0))]
        indexes: ClassVar = [models.Index(fields=["listing", "made_at"], name="marketplace_pledgeintent_turn")]
