"""The holders' vote on new terms: one answer each, weighted by share. More than half of what was cast, with a quorum of all shares, by a deadline.

It ends early when the rest cannot change it. Silence is no yes; without a quorum nothing changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Party, User
from core import business_day, sweeps
from core.outbox import JobContext, handles
from loans import standing
from loans.hardship import plan as plans
from loans.hardship.request import UnableToHelp
from loans.models import DayRun, Participation, Plan, PlanVote


@dataclass(frozen=True)
class Count:
    """Shares in minor units of the loan's principal."""

    whole: int
    in_favor: int
    against: int
    quorum: Decimal

    @property
    def cast(self) -> int:
        return self.in_favor + self.against

    @property
    def has_quorum(self) -> bool:
        return self.cast >= self.whole * self.quorum

    @property
    def adopted(self) -> bool:
        """As it stands now."""
        return self.has_quorum and self.in_favor > self.against

    @property
    def decided(self) -> bool:
        """Whether the shares that have not answered could not change it."""
        return self.in_favor * 2 > self.whole or self.against * 2 >= self.whole


def count(plan: Plan) -> Count:
    sums = plan.votes.aggregate(yes=Sum("weight", filter=Q(in_favor=True)), no=Sum("weight", filter=Q(in_favor=False)))
    return Count(plan.loan.principal, sums["yes"] or 0, sums["no"] or 0, plan.quorum or Decimal(0))


@transaction.atomic
def cast(plan: Plan, *, party: Party, in_favor: bool, by: User, as_of: date, now: datetime) -> PlanVote:
    """One holder's answer, given once. Raises UnableToHelp."""
    held = plans.locked(plan)
    holding = Participation.objects.filter(loan=held.loan, party=party, ended_at=None).first()
    if holding is None or held.state != "voting" or held.votes_until is None or held.votes_until < as_of:
        raise UnableToHelp("not_open", _("This vote is not open to you."))
    try:
        with transaction.atomic():
            given = PlanVote.objects.create(plan=held, participation=holding, weight=holding.amount, in_favor=in_favor, by=by, at=now)
    except IntegrityError as error:
        raise UnableToHelp("voted", _("You have already answered.")) from error
    audit.record(actor=by, action="plan.vote", target=held.reference, now=now)
    if count(held).decided:
        _close(held, as_of=as_of, now=now)
    return given


def _close(held: Plan, *, as_of: date, now: datetime) -> None:
    """The loan follows the holders' answer; terms whose first day has passed come to nothing."""
    if not count(held).adopted:
        plans.give_back(held, "outvoted", by=None, why="vote", now=now)
        return
    try:
        with transaction.atomic():
            plans.take_effect(held, by=None, as_of=as_of, now=now)
    except UnableToHelp as error:
        plans.give_back(held, "lapsed", by=None, why=error.code[:20], now=now)


def close_due(*, as_of: date, now: datetime) -> int:
    """Votes whose last day has passed. Returns how many."""
    due = Plan.objects.filter(state="voting", votes_until__lt=as_of).order_by("pk")
    return sweeps.each(due, lambda plan: _count_out(plan, as_of=as_of, now=now), what="vote past its day")


def _count_out(plan: Plan, *, as_of: date, now: datetime) -> bool:
    held = plans.locked(plan)
    if held.state == "voting":
        _close(held, as_of=as_of, now=now)
    return held.state != "voting"


@handles("loans.day.finished")
def on_day(*, job: JobContext) -> None:
    on = DayRun.objects.values_list("on", flat=True).get(pk=job.payload["run"])
    close_due(as_of=min(on + standing.DAY, business_day.current()), now=job.now)
