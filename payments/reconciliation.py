"""Our payments against what the bank says, line by line and in sum; and receipts a person matches to their party."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts import audit, parties
from accounts.models import Party, User
from core.money import format_amount
from core.refusals import Conflict
from core.states import move
from ledger import checks, queries
from ledger.chart import AccountCode
from payments import bank_line, payout, postings, rails
from payments.models import Payment, ReceiptProposal
from payments.rails.base import StatementLine

What = Literal["amount", "state", "balance", "repeated"]


class UnableToMatch(Conflict):
    """Nothing was moved; `message` says why, `code` is stable. Only an unmatched receipt can be matched, and only once."""

    code = "unable_to_match"
    message = _("This receipt is not waiting to be matched.")

    def __init__(self, code: str = "unable_to_match", message: StrOrPromise = "") -> None:
        super().__init__(code)
        self.code = code
        self.message = message or type(self).message  # type: ignore[assignment]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing on which the bank and we disagree. `ours`, `theirs`: minor units, or None where a side has nothing."""

    what: What
    reference: str
    currency: str
    ours: int | None
    theirs: int | None

    @property
    def shown(self) -> tuple[str, str]:
        """Ours and theirs as people read them."""
        ours, theirs = ("–" if amount is None else format_amount(amount, self.currency) for amount in (self.ours, self.theirs))
        return ours, theirs


@dataclass(frozen=True, kw_only=True)
class Report:
    """`missing_here`: the bank has it, we do not; `missing_there`: the reverse; `differing`: both have it, not alike; `waiting`: sent, no outcome yet."""

    rail: str
    at: datetime
    matched: int
    waiting: int
    missing_here: tuple[Difference, ...]
    missing_there: tuple[Difference, ...]
    differing: tuple[Difference, ...]

    @property
    def is_clean(self) -> bool:
        return not (self.missing_here or self.missing_there or self.differing)


def reconcile(*, rail: str, now: datetime) -> Report:
    """Compares every line of the bank with every payment of ours on that rail, and the two balances of each currency. Changes nothing."""
    lines = {line.line_id: line for line in rails.get(rail).lines_since("")}
    ours = {_key(payment): payment for payment in Payment.objects.filter(rail=rail).exclude(state__in=["created", "cancelled", "refused"])}
    refused = {payment.key: payment for payment in Payment.objects.filter(rail=rail, state="refused")}
    theirs = {_line_key(line): line for line in lines.values()}
    both = [(ours[key], line) for key, line in theirs.items() if key in ours]
    waiting = [payment for key, payment in ours.items() if key not in theirs and payment.state in ("sent", "unknown")]
    missing_there = [payment for key, payment in ours.items() if key not in theirs and payment.state not in ("sent", "unknown")]
    differing = [*_differing(both), *_balances(rail, lines.values())]
    differing += [_both("state", refused[line.reference], line) for line in lines.values() if line.direction == "out" and line.reference in refused]
    return Report(
        rail=rail,
        at=now,
        matched=len(both) - sum(difference.what != "balance" for difference in _differing(both)),
        waiting=len(waiting),
        missing_here=tuple(_only_theirs(line) for key, line in theirs.items() if key not in ours and line.reference not in refused),
        missing_there=tuple(_only_ours(payment) for payment in missing_there),
        differing=tuple(differing),
    )


def _key(payment: Payment) -> tuple[str, str]:
    return ("in", payment.rail_reference) if payment.direction == "in" else ("out", payment.key)


def _line_key(line: StatementLine) -> tuple[str, str]:
    return ("in", line.line_id) if line.direction == "in" else ("out", line.reference)


def _differing(pairs: Iterable[tuple[Payment, StatementLine]]) -> Iterator[Difference]:
    """A payment whose outcome we do not know yet although the bank has booked it is a difference until its line is read."""
    for payment, line in pairs:
        if (payment.amount, payment.currency) != (line.amount, line.currency):
            yield _both("amount", payment, line)
        elif payment.direction == "out" and payment.state != "settled":
            yield _both("state", payment, line)


def _balances(rail: str, lines: Iterable[StatementLine]) -> Iterator[Difference]:
    """The bank's balance by its own lines against the books' bank account."""
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.currency] = sums.get(line.currency, 0) + (line.amount if line.direction == "in" else -line.amount)
    for currency in sorted({*sums, *Payment.objects.filter(rail=rail).values_list("currency", flat=True).distinct()}):
        booked = queries.balance(code=AccountCode.BANK, owner=rails.ledger_owner(rail), currency=currency).posted
        if booked != sums.get(currency, 0):
            yield Difference(what="balance", reference=rails.ledger_owner(rail), currency=currency, ours=booked, theirs=sums.get(currency, 0))


def _both(what: What, payment: Payment, line: StatementLine) -> Difference:
    return Difference(what=what, reference=payment.reference, currency=line.currency, ours=payment.amount, theirs=line.amount)


def _only_theirs(line: StatementLine) -> Difference:
    return Difference(what="amount", reference=line.line_id, currency=line.currency, ours=None, theirs=line.amount)


def _only_ours(payment: Payment) -> Difference:
    return Difference(what="amount", reference=payment.reference, currency=payment.currency, ours=payment.amount, theirs=None)


def unmatched() -> list[Payment]:
    """Receipts that wait for a person, oldest first."""
    return list(Payment.objects.filter(state="unmatched").order_by("pk"))


@transaction.atomic
def propose(*, payment: Payment, party: Party | None, by: User, now: datetime) -> ReceiptProposal:
    """One person found whose money an unmatched receipt is, or (without a party) that it goes back to its sender. Raises UnableToMatch."""
    held = _held(payment)
    if held.proposals.filter(state="proposed").exists():
        raise UnableToMatch("already_proposed", _("Something is proposed for it already. Decide that first."))
    _check_party(party, by)
    made = ReceiptProposal.objects.create(payment=held, party=party, proposed_by=by, proposed_at=now)
    audit.record(actor=by, action="receipt.propose", target=held.reference, now=now)
    return made


@transaction.atomic
def approve(proposal: ReceiptProposal, *, by: User, as_of: date, now: datetime) -> None:
    """Another person agrees: the money enters the party's wallet, or is sent back over its rail, once. Raises UnableToMatch."""
    held, found = _proposed(proposal)
    if found.proposed_by_id == by.pk:
        raise UnableToMatch("four_eyes", _("Somebody else has to approve what you proposed."))
    _check_party(found.party, by)
    move(found, "approved", now=now, by=by.pk, why="approved", decided_by=by, decided_at=now)
    if found.party is None:
        payout.give_back(held, by=by, as_of=as_of, now=now)
        audit.record(actor=by, action="payment.return_receipt", target=held.reference, now=now)
    else:
        _match(held, found.party, by=by, as_of=as_of, now=now)


@transaction.atomic
def decline(proposal: ReceiptProposal, *, by: User, now: datetime) -> None:
    """No, or taken back: the receipt waits as before. Raises UnableToMatch."""
    held, found = _proposed(proposal)
    move(found, "declined", now=now, by=by.pk, why="declined", decided_by=by, decided_at=now)
    audit.record(actor=by, action="receipt.decline", target=held.reference, now=now)


def _held(payment: Payment) -> Payment:
    held = Payment.objects.select_for_update(no_key=True).get(pk=payment.pk)
    if held.state != "unmatched":
        raise UnableToMatch
    return held


def _proposed(proposal: ReceiptProposal) -> tuple[Payment, ReceiptProposal]:
    """The receipt first, then what is proposed for it."""
    held = _held(proposal.payment)
    found = ReceiptProposal.objects.select_for_update(of=("self",)).select_related("party__subject").get(pk=proposal.pk)
    if found.state != "proposed":
        raise UnableToMatch("decided", _("That is not possible in its present state. Somebody may have been faster."))
    return held, found


def _check_party(party: Party | None, by: User) -> None:
    """Nobody gives money to themselves, nor to somebody who is gone."""
    if party is None:
        return
    if by.pk in parties.persons_behind(party):
        raise UnableToMatch("own_party", _("You belong to this party. Somebody else has to do this."))
    if party.subject.erased_at is not None:
        raise UnableToMatch("erased", _("This party's data was erased. Its money goes back to the sender."))


def _match(held: Payment, party: Party, *, by: User, as_of: date, now: datetime) -> None:
    """The money enters that party's wallet, and who decided so is written down."""
    postings.match(held, owner=party.ledger_owner, booked_on=as_of)
    move(held, "settled", now=now, by=by.pk, why="matched_by_staff", closed_at=now, party=party, source=party.ledger_owner)
    bank_line.hand_over(held.lines.all(), party=party, now=now)
    audit.record(actor=by, action="payment.match_receipt", target=held.reference, now=now)
    payout.tell(held, "settled")


@transaction.atomic
def set_apart(*, payment: Payment, code: AccountCode, owner: str, proposed_by: User, by: User, as_of: date, now: datetime) -> None:
    """An unmatched receipt was meant for an affair and no party: it waits on that account until the affair passes it on.

    One person named the receipt for it (`proposed_by`), another agrees. Raises UnableToMatch.
    """
    held = _held(payment)
    if proposed_by.pk == by.pk:
        raise UnableToMatch("four_eyes", _("Somebody else has to approve what you proposed."))
    if held.proposals.filter(state="proposed").exists():
        raise UnableToMatch("already_proposed", _("Something is proposed for it already. Decide that first."))
    postings.match(held, owner=owner, code=code, booked_on=as_of)
    move(held, "settled", now=now, by=by.pk, why="matched_by_staff", closed_at=now, source=owner, source_code=code.value)
    audit.record(actor=by, action="payment.match_receipt", target=held.reference, now=now)


# One snapshot each: what stands in transit is what has no outcome yet; what is unmatched is what waits for a person.
_EXPECTED = """
    SELECT coalesce(a.owner, p.owner) || ' ' || coalesce(a.currency, p.currency) || ': ' || coalesce(a.posted, 0)
           || ' booked, ' || coalesce(p.total, 0) || ' in payments'
      FROM (SELECT owner, currency, credits_posted - debits_posted AS posted FROM ledger_account WHERE code = %(code)s) a
      FULL JOIN (SELECT 'rail:' || rail AS owner, currency, sum(amount) AS total FROM payments_payment WHERE {which} GROUP BY 1, 2) p USING (owner, currency)
     WHERE coalesce(a.posted, 0) <> coalesce(p.total, 0)"""
_STANDING = {
    AccountCode.TRANSIT_OUT: "direction = 'out' AND state IN ('created', 'sent', 'unknown')",
    AccountCode.UNMATCHED_RECEIPTS: "direction = 'in' AND state = 'unmatched'",
}


def standing_money(as_of: date | None) -> Iterator[checks.Finding]:
    """For `check_books`: money in transit and unmatched money are exactly what the payments say."""
    for code, which in _STANDING.items():
        with connection.cursor() as cursor:
            cursor.execute(_EXPECTED.format(which=which), {"code": code.value})
            for (text,) in cursor.fetchall():
                yield checks.Finding(check=f"payments_{code.value}", text=text)
