"""The binding offer: made from a decision, answered once, fixed at acceptance."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from accounts.reauthentication import Reauthentication
from core import outbox, states, sweeps
from core.refusals import Conflict
from credit import decision as decisions
from loans import agreement, product, schedule
from loans.models import Agreement, Application, Loan, Obligor, Offer
from privacy import restriction

REAUTHENTICATION_MAX_AGE = timedelta(minutes=5)


class UnableToAnswer(Conflict):
    """The offer cannot be answered this way now; `message` is for the person."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message  # type: ignore[assignment]


def make(application: Application, *, now: datetime) -> Offer:
    """Offer what was asked for at the decision's price. The database refuses an offer above its cap."""
    decision = application.decision
    assert decision is not None
    assert decision.annual_rate is not None
    assert decision.apr is not None
    assert application.amount is not None
    terms = product.STANDARD
    cap = decisions.cap_of(decision)
    offer = Offer.objects.create(
        application=application,
        decision=decision,
        principal=application.amount,
        currency=application.currency,
        term_months=application.term_months or 0,
        method=application.method,
        annual_rate=decision.annual_rate,
        apr=decision.apr,
        cap=cap,
        grade=decision.grade,
        expected_loss=decision.expected_loss or Decimal(0),
        origination_fee=product.origination_fee(terms, application.amount),
        servicing_fee_rate=terms.servicing_fee_rate,
        penalty_rate=product.penalty_rate(terms, annual_rate=decision.annual_rate, apr=decision.apr, cap=cap),
        grace_days=terms.grace_days,
        made_at=now,
        expires_at=now + timedelta(days=terms.offer_days),
    )
    states.move(application, "offered", now=now, why="offer_made")
    remind_at = offer.expires_at - timedelta(days=terms.offer_reminder_days)
    outbox.enqueue("offer.expiring", key=f"offer:{offer.pk}:expiring", payload={"offer": offer.pk}, run_at=remind_at)
    return offer


def preview(offer: Offer) -> schedule.Schedule:
    """The schedule as it would run, without dates."""
    return schedule.build(
        schedule.Terms(method=offer.method, principal=offer.principal, annual_rate=offer.annual_rate, periods=offer.term_months)  # type: ignore[arg-type]
    )


@transaction.atomic
def accept(offer: Offer, *, by: User, reauthentication: Reauthentication | None, language: str, now: datetime) -> Loan | None:
    """One obligor signs. When the last one has signed, the terms are fixed and the loan exists; until then None.

    Raises UnableToAnswer when the offer is over, the signer is not an obligor, or has not just proved who they are.
    """
    locked = Offer.objects.select_for_update(of=("self",)).select_related("application__file", "application__party").get(pk=offer.pk)
    obligor = _obligor_for(locked, by)
    if obligor.state == "signed":
        return Loan.objects.filter(agreement__offer=locked).first()
    if locked.state != "open" or locked.expires_at <= now:
        raise UnableToAnswer("over", _("This offer is no longer open."))
    if reauthentication is None or now - reauthentication.at > REAUTHENTICATION_MAX_AGE:
        raise UnableToAnswer("reauthenticate", _("Please confirm that it is you, then sign."))
    restriction.refuse(locked.application.party.subject_id)
    contract = agreement.draft(locked, now=now)
    agreement.sign(contract, obligor=obligor, by=by, reauthentication=reauthentication, now=now)
    if locked.application.obligors.exclude(state__in=["signed", "declined", "expired"]).exists():
        return None
    return _conclude(locked, contract, by=by, language=language, now=now)


def _obligor_for(offer: Offer, by: User) -> Obligor:
    obligor = (
        offer.application.obligors.select_for_update(of=("self",))
        .filter(party__memberships__user=by, party__memberships__role="sign", party__memberships__ended_at=None)
        .exclude(state__in=["declined", "expired"])
        .first()
    )
    if obligor is None:
        raise UnableToAnswer("not_obligor", _("Only somebody who may sign for the borrower can answer this offer."))
    return obligor


def _conclude(offer: Offer, contract: Agreement, *, by: User, language: str, now: datetime) -> Loan:
    agreement.fix(contract, language=language, now=now)
    states.move(offer, "accepted", now=now, by=by.pk, why="signed", answered_at=now)
    states.move(offer.application, "accepted", now=now, by=by.pk, why="offer_accepted")
    loan = Loan.objects.create(
        agreement=contract,
        file=offer.application.file,
        party=offer.application.party,
        principal=offer.principal,
        currency=offer.currency,
        annual_rate=offer.annual_rate,
        servicing_fee_rate=offer.servicing_fee_rate,
        penalty_rate=offer.penalty_rate,
        grace_days=offer.grace_days,
        origination_fee=offer.origination_fee,
        term_months=offer.term_months,
        method=offer.method,
        created_at=now,
    )
    audit.record(actor=by, action="offer.accept", target=offer.reference, now=now)
    outbox.enqueue("offer.accepted", key=f"offer:{offer.pk}:accepted", payload={"loan": loan.pk})
    return loan


@transaction.atomic
def decline(offer: Offer, *, by: User, now: datetime) -> None:
    """The borrower says no. Nothing follows from it."""
    locked = Offer.objects.select_for_update(of=("self",)).select_related("application").get(pk=offer.pk)
    _obligor_for(locked, by)
    states.move(locked, "declined", now=now, by=by.pk, why="by_borrower", answered_at=now)
    states.move(locked.application, "lapsed", now=now, by=by.pk, why="offer_declined")
    audit.record(actor=by, action="offer.decline", target=locked.reference, now=now)


def expire_due(*, now: datetime) -> int:
    """Offers past their day lapse with their applications. Returns how many."""
    due = Offer.objects.filter(state="open", expires_at__lte=now).select_related("application")[:200]
    return sweeps.each(due, lambda offer: _expire(offer, now=now), what="offer past its day")


def _expire(offer: Offer, *, now: datetime) -> bool:
    states.move(offer, "expired", now=now, why="time")
    states.move(offer.application, "lapsed", now=now, why="offer_expired")
    outbox.enqueue("offer.expired", key=f"offer:{offer.pk}:expired", payload={"offer": offer.pk})
    return True
