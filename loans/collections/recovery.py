"""Money that comes after default or write-off: what it cost comes off first, the rest reaches every holder to the cent, principal first after a write-off.

Costs are a fee like any other: one person proposes, another approves. Once the claim is sold nothing is taken for it any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from loans import event as events
from loans import postings, product, standing
from loans.collections import two
from loans.collections.case import UnableToCollect, demand_stranger
from loans.event import Entry, UnableToEnter
from loans.models import CollectionsCase, Loan, Recovery, RecoveryProposal
from loans.replay import Kind

KINDS = {"defaulted": Kind.PAYMENT, "written_off": Kind.RECOVERY}


@dataclass(frozen=True)
class Waterfall:
    """From what came in to what the holders got, over all recoveries of a loan; minor units."""

    since: date
    owed_at_default: int
    gross: int
    costs: int
    principal: int
    interest: int
    fees: int
    penalties: int

    @property
    def charges(self) -> int:
        return self.fees + self.penalties

    @property
    def to_holders(self) -> int:
        return self.principal + self.interest + self.fees + self.penalties


@transaction.atomic
def pay(loan: Loan, *, amount: int, by: User, key: str, as_of: date, now: datetime) -> Recovery:
    """The borrower pays from the own wallet after default or write-off; all of it reaches the holders. Raises UnableToCollect."""
    held, _standing = standing.lock(loan)
    return _take(held, gross=amount, costs=0, source=Recovery.Source.BORROWER, by=by, key=key, as_of=as_of, now=now)


@transaction.atomic
def recover(loan: Loan, *, gross: int, source: str, by: User, key: str, as_of: date, now: datetime) -> Recovery:
    """Staff take what was recovered from the borrower's wallet and share all of it out. Raises UnableToCollect."""
    held, _standing = standing.lock(loan)
    demand_stranger(held, by)
    return _take(held, gross=gross, costs=0, source=source, by=by, key=key, as_of=as_of, now=now)


@transaction.atomic
def propose(loan: Loan, *, gross: int, costs: int, source: str, by: User, now: datetime) -> RecoveryProposal:
    """A recovery with costs to come off it, as every fee does only when a second person agrees. Raises UnableToCollect."""
    _check(loan, gross=gross, costs=costs)
    return two.proposed(
        lambda: RecoveryProposal.objects.create(loan=loan, gross=gross, costs=costs, source=source, proposed_by=by, proposed_at=now), by=by, now=now
    )


@transaction.atomic
def approve(proposal: RecoveryProposal, *, by: User, as_of: date, now: datetime) -> Recovery:
    """Somebody else agrees: costs to the operator that paid them, the rest to the holders. Raises UnableToCollect."""
    found, loan = two.held(proposal, by=by)
    key = f"recoveryproposal:{found.pk}"
    made = _take(loan, gross=found.gross, costs=found.costs, source=found.source, by=by, key=key, as_of=as_of, now=now)
    two.decide(found, "approved", by=by, now=now, event=made.event)
    return made


def hand_on(loan: Loan, *, price: int, by: User, key: str, as_of: date, now: datetime) -> Recovery:
    """The price of a sold claim, which the buyer has paid: shared out like any recovery. The loan is locked. Raises UnableToCollect."""
    return _take(loan, gross=price, costs=0, source=Recovery.Source.BUYER, by=by, key=key, as_of=as_of, now=now)


def _take(held: Loan, *, gross: int, costs: int, source: str, by: User, key: str, as_of: date, now: datetime) -> Recovery:
    earlier = Recovery.objects.filter(event__key=key).first()
    if earlier is not None:
        return earlier
    _check(held, gross=gross, costs=costs)
    net = gross - costs
    try:
        event = events.enter(held, Entry(KINDS[held.state], as_of, net, {"source": source}), by=by, key=key, as_of=as_of, now=now)
        if costs:
            postings.recovery_costs(held, event, costs, as_of=as_of)
    except UnableToEnter as error:
        raise UnableToCollect(error.code, error.message) from error
    except postings.InsufficientFunds as error:
        raise UnableToCollect("insufficient_funds", _("The wallet does not hold that much.")) from error
    made = Recovery.objects.create(loan=held, event=event, source=source, gross=gross, costs=costs, net=net, received_on=as_of, by=by, created_at=now)
    audit.record(actor=by, action="recovery.enter", target=made.reference, now=now)
    return made


def _check(loan: Loan, *, gross: int, costs: int) -> None:
    if loan.state not in KINDS:
        raise UnableToCollect("not_in_recovery", _("Money is recovered for loans in default or written off; others are repaid."))
    if events.is_sold(loan):
        raise UnableToCollect("sold", events.MESSAGES["sold"])
    if gross <= 0:
        raise UnableToCollect("not_positive", _("The amount must be more than zero."))
    most = int(gross * product.STANDARD.recovery_cost_share_max)
    if not 0 <= costs <= most:
        raise UnableToCollect(
            "costs", _("Costs may not take more than %(percent)s%% of what came in.") % {"percent": int(product.STANDARD.recovery_cost_share_max * 100)}
        )


def standing_ones(loan: Loan) -> QuerySet[Recovery]:
    """Recoveries that were not undone."""
    return loan.recoveries.exclude(event__number__in=loan.events.filter(kind=Kind.VOID.value).values("undoes"))


def waterfall(loan: Loan) -> Waterfall | None:
    """What came of the loan since its default; None for one that never defaulted."""
    case = CollectionsCase.objects.filter(loan=loan, defaulted_on__isnull=False).order_by("defaulted_on", "pk").first()
    if case is None or case.defaulted_on is None:
        return None
    parts = loan.repayments.filter(paid_on__gt=case.defaulted_on).aggregate(
        principal=Sum("principal"), interest=Sum("interest"), fees=Sum("fees"), penalties=Sum("penalties"), all=Sum("amount")
    )
    costs = standing_ones(loan).aggregate(sum=Sum("costs"))["sum"] or 0
    return Waterfall(
        since=case.defaulted_on,
        owed_at_default=case.owed_at_default or 0,
        gross=(parts["all"] or 0) + costs,
        costs=costs,
        **{name: parts[name] or 0 for name in ("principal", "interest", "fees", "penalties")},
    )
