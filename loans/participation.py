"""Who owns a loan: the register of holders, written at origination by one statement, and a share of it handed on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import parties
from accounts.models import Party
from core import states
from core.refusals import Conflict
from loans import agreement, disbursement
from loans import file as files
from loans.models import Clawback, HoldingTransfer, Loan, Participation, Plan
from privacy import consents

PARTS = ("principal", "interest", "fees", "penalties")
TRANSFERABLE = ("active", "late")


class UnableToOriginate(Exception):
    """The shares do not add up to the principal."""


class UnableToTransfer(Conflict):
    """The register is as it was. `code` is stable, `message` says why."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message  # type: ignore[assignment]


def originate(*, loan: Loan, shares_sql: str, params: Mapping[str, Any], source: str, now: datetime) -> int:
    """Turn a filled listing into holdings: `shares_sql` yields (party_id, amount), `source` names the escrow. Returns the number of holders.

    Seals the agreement with its holders and prepares the disbursement. Raises UnableToOriginate unless the shares sum to the principal.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH born AS (
                  INSERT INTO loans_participation (loan_id, party_id, amount, received_principal, received_interest, received_fees,
                                                   received_penalties, originated_at)
                  SELECT %(loan)s, held.party_id, sum(held.amount)::bigint, 0, 0, 0, 0, %(now)s FROM ({shares_sql}) AS held (party_id, amount)
                  GROUP BY held.party_id RETURNING amount)
                SELECT count(*), coalesce(sum(amount), 0) FROM born""",  # noqa: S608 the select is ours
            {**params, "loan": loan.pk, "now": now},
        )
        holders, total = cursor.fetchone()
    if total != loan.principal:
        raise UnableToOriginate(f"Shares sum to {total}, the principal is {loan.principal}.")
    states.move(loan, "funded", now=now, funded_at=now, why="listing_filled")
    agreement.seal(loan=loan, now=now)
    disbursement.prepare(loan=loan, source=source, now=now)
    return int(holders)


def living() -> QuerySet[Participation]:
    """Holdings that hold something."""
    return Participation.objects.filter(ended_at=None)


def transfer(*, loan: Loan, giver: Party, taker: Party, amount: int, price: int, key: str, as_of: date, now: datetime) -> HoldingTransfer:
    """So much of `giver`'s holding becomes `taker`'s, with what had come back on it; the file closes to who holds nothing more and opens to who holds now.

    The caller holds the loan's lock (`standing.lock`) and moves the money in the same transaction.
    Raises UnableToTransfer: not_transferable, not_held, clawback, own_loan, key_conflict. The same key again is the same transfer.
    """
    earlier = HoldingTransfer.objects.filter(key=key).first()
    if earlier is not None:
        return _same(earlier, loan, amount, price)
    given = _check(loan, giver, taker, amount)
    taken, _made = Participation.objects.get_or_create(loan=loan, party=taker, defaults={"amount": amount, "originated_at": now})
    carried = {part: getattr(given, f"received_{part}") * amount // given.amount for part in PARTS}
    _shift(given, -amount, carried, sign=-1, now=now)
    _shift(taken, 0 if _made else amount, carried, sign=1, now=now)
    made = HoldingTransfer.objects.create(
        loan=loan,
        giver=given,
        taker=taken,
        key=key,
        amount=amount,
        price=price,
        on=as_of,
        created_at=now,
        **{f"carried_{part}": value for part, value in carried.items()},
    )
    _move_access(loan, given, taker, gone=given.amount == amount, now=now)
    return made


def _same(earlier: HoldingTransfer, loan: Loan, amount: int, price: int) -> HoldingTransfer:
    if (earlier.loan_id, earlier.amount, earlier.price) != (loan.pk, amount, price):
        raise UnableToTransfer("key_conflict", _("This form was already used for something else."))
    return earlier


def _check(loan: Loan, giver: Party, taker: Party, amount: int) -> Participation:
    """The giver's holding, locked. Everything of a loan is locked in one order: standing, loan, holdings by id. Nobody votes twice with one share."""
    if loan.state not in TRANSFERABLE or Plan.objects.filter(loan=loan, state__in=["proposed", "voting"]).exists():
        raise UnableToTransfer("not_transferable", _("Shares of this loan cannot change hands now."))
    held = {one.party_id: one for one in living().select_for_update().filter(loan=loan, party__in=[giver, taker]).order_by("pk")}
    given = held.get(giver.pk)
    if given is None or not 0 < amount <= given.amount:
        raise UnableToTransfer("not_held", _("The seller no longer holds that much of this loan."))
    if Clawback.objects.filter(participation=given, recovered__lt=F("amount")).exists():
        raise UnableToTransfer("clawback", _("A payment on this share was taken back and is not settled yet."))
    if is_own(loan, taker):
        raise UnableToTransfer("own_loan", _("This is a loan of yours or of a party you belong to. You cannot fund it."))
    return given


def is_own(loan: Loan, party: Party) -> bool:
    """Whether somebody who acts for the party is bound by the loan."""
    behind: set[int] = set()
    for obligor in loan.agreement.offer.application.obligors.exclude(party=None).select_related("party"):
        behind |= parties.persons_behind(obligor.party) if obligor.party else set()
    return bool(behind & parties.persons_behind(party))


def _shift(holding: Participation, amount: int, carried: Mapping[str, int], *, sign: int, now: datetime) -> None:
    """Amount and running totals move together, so what is still owed to all holders stays what the borrower owes."""
    changed: dict[str, Any] = {f"received_{part}": F(f"received_{part}") + sign * value for part, value in carried.items()}
    left = holding.amount + amount
    changed |= {"amount": left, "ended_at": None if left else now}
    Participation.objects.filter(pk=holding.pk).update(**changed)


def _move_access(loan: Loan, given: Participation, taker: Party, *, gone: bool, now: datetime) -> None:
    """Grants follow the register: ended first, because one person may act for both."""
    if gone:
        files.end_grants(file=loan.file, party=given.party, now=now)
    standing = consents.state(subject=loan.file.subject, purpose="listing_disclosure", matter=loan.file.matter, now=now)
    if standing.given and standing.last is not None:
        files.grant(file=loan.file, party=taker, relation="holder", consent=standing.last, now=now)
