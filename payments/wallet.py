"""What a party's wallet holds and what moved through it, in words a person reads. Reads only; the figures are the books'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.models import Party
from ledger import queries
from ledger.chart import AccountCode
from payments.models import Payment
from payments.payout import OPEN

PAGE = 25

# Kinds of transfers as the owner of a wallet reads them. The apps above add theirs (`describe_kinds`) when they start.
_WORDS: dict[str, StrOrPromise] = {
    "deposit": _("Deposit from your bank"),
    "deposit.match": _("Deposit, matched by our staff"),
    "withdrawal.out": _("Withdrawal to your bank account"),
    "withdrawal.back": _("Withdrawal returned: the bank did not make it"),
}


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Figures of one wallet in minor units of `currency`.

    `available` can be pledged or withdrawn; `reserved` waits in open pledges; `in_transit` is on its way to a bank.
    """

    available: int
    reserved: int
    in_transit: int
    currency: str

    @property
    def total(self) -> int:
        return self.available + self.reserved + self.in_transit


@dataclass(frozen=True, kw_only=True)
class Line:
    """One movement as the owner reads it. `amount` is signed, `balance` what was in the wallet after it."""

    words: StrOrPromise
    reference: str
    is_payment: bool
    booked_on: date
    amount: int
    balance: int


@dataclass(frozen=True, kw_only=True)
class Page:
    """Movements, newest first. `older` is the cursor of the next page, None at the end; `reserved` are open reservations (first page only)."""

    lines: tuple[Line, ...]
    reserved: tuple[Line, ...]
    older: int | None
    currency: str


def describe_kinds(words: Mapping[str, StrOrPromise]) -> None:
    """Adds descriptions of transfer kinds. Called by the apps above when they start."""
    _WORDS.update(words)


def overview(party: Party, *, currency: str = "") -> Overview:
    """The figures of the party's wallet now."""
    currency = currency or settings.DEFAULT_CURRENCY
    owner = party.ledger_owner
    cash = queries.balance(code=AccountCode.CLIENT_CASH, owner=owner, currency=currency)
    reviewed = queries.balance(code=AccountCode.CLIENT_RESERVED, owner=owner, currency=currency)
    on_the_way = Payment.objects.filter(source=owner, source_code=AccountCode.CLIENT_CASH, currency=currency, direction="out", state__in=OPEN)
    return Overview(
        available=cash.available,
        reserved=cash.pending_out + reviewed.posted,
        in_transit=on_the_way.aggregate(total=Sum("amount"))["total"] or 0,
        currency=currency,
    )


def statement(party: Party, *, before: int | None = None, currency: str = "", limit: int = PAGE) -> Page:
    """A page of the wallet's movements."""
    currency = currency or settings.DEFAULT_CURRENCY
    found = queries.statement(code=AccountCode.CLIENT_CASH, owner=party.ledger_owner, currency=currency, limit=limit, before=before)
    reserved = tuple(_line(line) for line in found.pending) if before is None else ()
    return Page(lines=tuple(_line(line) for line in found.lines), reserved=reserved, older=found.before, currency=currency)


def _line(line: queries.Line) -> Line:
    return Line(
        words=words(line.kind, line.amount),
        reference=line.reference,
        is_payment=line.reference.startswith(f"{Payment.REFERENCE_PREFIX}-"),
        booked_on=line.booked_on,
        amount=line.amount,
        balance=line.balance,
    )


def words(kind: str, amount: int) -> StrOrPromise:
    """By kind and direction (`pledge:in`), by kind, else plainly."""
    direction = "in" if amount > 0 else "out"
    return known_words(kind, amount) or (_("Money in") if direction == "in" else _("Money out"))


def known_words(kind: str, amount: int) -> StrOrPromise:
    """The words a kind was given; empty when it has none."""
    direction = "in" if amount > 0 else "out"
    return _WORDS.get(f"{kind}:{direction}") or _WORDS.get(kind) or ""
