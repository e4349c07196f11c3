"""A month of one party in figures: what moved through the wallet, what was repaid on loans of theirs, what loans they fund brought them.

Made from append-only rows up to the month's cut, so it is the same to the byte whenever it is made again. Only references, never a name or a title.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import F, Sum
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts.models import Party
from core.money import format_amount
from core.refusals import Conflict
from ledger import queries
from ledger.chart import AccountCode
from loans import typeset
from loans.models import Participation, Repayment, Share, StatementCut
from payments import wallet

MANY = 10_000_000


class UnableToState(Conflict):
    """The month is not over, or lies before the party's time."""

    code = "month_not_over"
    message = gettext_lazy("This month has no statement yet.")


@dataclass(frozen=True)
class Moved:
    on: date
    kind: str
    reference: str
    amount: int


@dataclass(frozen=True)
class Parts:
    """Money by part, minor units. `fee` is what the platform kept of a holder's interest."""

    on: date
    loan: str
    reference: str
    kind: str
    principal: int
    interest: int
    charges: int
    fee: int

    @property
    def net(self) -> int:
        return self.principal + self.interest + self.charges - self.fee


@dataclass(frozen=True)
class Holding:
    loan: str
    opening: int
    closing: int


@dataclass(frozen=True)
class Statement:
    party: str
    month: date
    currency: str
    opening: int
    closing: int
    moved: tuple[Moved, ...]
    paid: tuple[Parts, ...]
    received: tuple[Parts, ...]
    holdings: tuple[Holding, ...]


def months(party: Party, *, today: date) -> list[date]:
    """First days of the months that are over, newest first, since the party's first."""
    month = today.replace(day=1)
    found: list[date] = []
    while (month := _before(month)) >= party.created_at.date().replace(day=1) and len(found) < 120:
        found.append(month)
    return found


def _before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)


def _end(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def cut(month: date, *, today: date, now: datetime) -> int:
    """The last transfer of the month's statements, fixed the first time anybody asks. Raises UnableToState before the month is over."""
    if _end(month) >= today:
        raise UnableToState
    known = StatementCut.objects.filter(month=month).first()
    return (known or _make_cut(month, now=now)).last_transfer


@transaction.atomic
def _make_cut(month: date, *, now: datetime) -> StatementCut:
    """Behind every transfer underway: one that was written later under a smaller number would change a statement that was read before."""
    made, _created = StatementCut.objects.get_or_create(month=month, defaults={"last_transfer": queries.last_transfer(), "made_at": now})
    return made


def _cut_before(month: date, last: int, *, now: datetime) -> int:
    """The cut of the month before, fixed no later than this month's: what stands behind it is not told twice, and nothing falls between two months."""
    made, _created = StatementCut.objects.get_or_create(month=_before(month), defaults={"last_transfer": last, "made_at": now})
    return min(made.last_transfer, last)


def make(party: Party, *, month: date, currency: str, today: date, now: datetime) -> Statement:
    """The statement of a month that is over. Raises UnableToState."""
    last = cut(month, today=today, now=now)
    before = _lines(party, currency, until=month - timedelta(days=1), last=_cut_before(month, last, now=now))
    known, opening = {line.id for line in before}, sum(line.amount for line in before)
    fresh = [line for line in _lines(party, currency, until=_end(month), last=last) if line.id not in known]
    return Statement(
        party=party.reference,
        month=month,
        currency=currency,
        opening=opening,
        closing=opening + sum(line.amount for line in fresh),
        moved=tuple(_moved(fresh)),
        paid=tuple(_paid(party, month, currency)),
        received=tuple(_received(party, month, currency)),
        holdings=tuple(_holdings(party, month, currency)),
    )


def _lines(party: Party, currency: str, *, until: date, last: int) -> list[queries.Line]:
    """Booked lines of the wallet, oldest first."""
    found = queries.statement(code=AccountCode.CLIENT_CASH, owner=party.ledger_owner, currency=currency, until=until, limit=MANY)
    return sorted((line for line in found.lines if line.id <= last), key=lambda line: line.id)


def _moved(lines: Sequence[queries.Line]) -> Iterator[Moved]:
    """What was one payment is one line: to the borrower, the shares of thousands of holders and the fee out of them are what they paid."""
    for _key, parts in groupby(lines, key=_payment):
        listed = list(parts)
        kind = next((line.kind for line in listed if line.kind != "servicing_fee"), listed[0].kind)
        yield Moved(listed[0].booked_on, kind, listed[0].reference, sum(line.amount for line in listed))


def _payment(line: queries.Line) -> str:
    """The key of the whole a transfer is a part of: `repayment:123` of `repayment:123:holder:9`."""
    return ":".join(line.key.split(":")[:2]) if line.key.startswith("repayment:") else line.key


def _paid(party: Party, month: date, currency: str) -> Iterator[Parts]:
    rows = Repayment.objects.filter(loan__party=party, loan__currency=currency, event__booked_on__range=(month, _end(month)))
    for row in rows.exclude(event__recovery__source="buyer").select_related("loan", "event").order_by("pk"):
        yield Parts(row.event.booked_on, row.loan.reference, row.reference, row.kind, row.principal, row.interest, row.fees + row.penalties, 0)


def _received(party: Party, month: date, currency: str) -> Iterator[Parts]:
    rows = Share.objects.filter(participation__party=party, repayment__loan__currency=currency, repayment__event__booked_on__range=(month, _end(month)))
    for row in rows.select_related("repayment__loan", "repayment__event").order_by("repayment", "pk"):
        made = row.repayment
        charges = row.fees + row.penalties
        yield Parts(made.event.booked_on, made.loan.reference, made.reference, made.kind, row.principal, row.interest, charges, row.servicing_fee)


def _holdings(party: Party, month: date, currency: str) -> Iterator[Holding]:
    """Principal still out of each loan held, at both ends of the month; what was handed on since is put back in thought."""
    end = _end(month)
    for held in Participation.objects.filter(party=party, loan__currency=currency, loan__disbursed_on__lte=end).select_related("loan").order_by("pk"):
        opening, closing = (_out(held, day) for day in (month - timedelta(days=1), end))
        if opening or closing or held.shares.filter(repayment__event__booked_on__range=(month, end)).exists():
            yield Holding(held.loan.reference, opening, closing)


def _out(held: Participation, day: date) -> int:
    """Principal of the holding that was still out on the evening of `day`."""
    if held.loan.disbursed_on is None or held.loan.disbursed_on > day:
        return 0
    later = held.amount - held.received_principal  # as it is now; what happened after the day is undone
    back = held.shares.filter(repayment__event__booked_on__gt=day).aggregate(sum=Sum("principal"))["sum"] or 0
    given, taken = (side.filter(on__gt=day).aggregate(sum=Sum(F("amount") - F("carried_principal")))["sum"] or 0 for side in (held.given, held.taken))
    return later + back + given - taken


# --- As CSV


def as_csv(found: Statement) -> bytes:
    """Codes and whole minor units, one section after the other; the same bytes each time."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    write.writerow(["xinqiao.statement.v1", found.party, found.month.isoformat(), found.currency])
    write.writerow(["wallet", "opening", found.opening])
    for moved in found.moved:
        write.writerow(["wallet", moved.on.isoformat(), moved.kind, moved.reference, moved.amount])
    write.writerow(["wallet", "closing", found.closing])
    for name, rows in (("paid", found.paid), ("received", found.received)):
        for one in rows:
            write.writerow([name, one.on.isoformat(), one.loan, one.reference, one.kind, one.principal, one.interest, one.charges, one.fee, one.net])
    for held in found.holdings:
        write.writerow(["holding", held.loan, held.opening, held.closing])
    return out.getvalue().encode()


def fingerprint(found: Statement) -> str:
    """Hex SHA-256 of the CSV: printed in the PDF, so that both can be compared with a statement made again."""
    return hashlib.sha256(as_csv(found)).hexdigest()


# --- As PDF


def as_pdf(found: Statement, *, language: str) -> bytes:
    with translation.override(language):
        title = _("Statement for %(month)s") % {"month": date_format(found.month, "YEAR_MONTH_FORMAT")}
        footer = f"{found.party} · {found.month:%Y-%m} · {fingerprint(found)[:16]}"
        return typeset.render({"title": title, "language": language, "footer": footer, "blocks": list(_blocks(found))})


def _blocks(found: Statement) -> Iterator[dict[str, Any]]:
    def money(amount: int) -> str:
        return format_amount(amount, found.currency)

    yield {"kind": "pairs", "rows": [[_("Party"), found.party], [_("Wallet at the beginning"), money(found.opening)], [_("At the end"), money(found.closing)]]}
    moved = [[date_format(one.on, "SHORT_DATE_FORMAT"), str(wallet.words(one.kind, one.amount)), one.reference, money(one.amount)] for one in found.moved]
    yield from _table(_("Through the wallet"), [_("Day"), _("What"), _("Reference"), _("Amount")], moved, right=1)
    head = [_("Day"), _("Loan"), _("Principal"), _("Interest"), _("Charges")]
    paid = [[date_format(one.on, "SHORT_DATE_FORMAT"), one.loan, money(one.principal), money(one.interest), money(one.charges)] for one in found.paid]
    yield from _table(_("Repaid on your loans"), head, paid, right=3)
    received = [
        [date_format(one.on, "SHORT_DATE_FORMAT"), one.loan, *(money(part) for part in (one.principal, one.interest, one.charges, one.fee, one.net))]
        for one in found.received
    ]
    yield from _table(_("From loans you fund"), [*head, _("Servicing fee"), pgettext("statement", "To you")], received, right=5)
    holdings = [[one.loan, money(one.opening), money(one.closing)] for one in found.holdings]
    yield from _table(_("Principal still out"), [_("Loan"), _("At the beginning"), _("At the end")], holdings, right=2)
    note = _("SHA-256 of this month's CSV: %(hash)s. Made again at any time, both are the same to the byte.") % {"hash": fingerprint(found)}
    yield {"kind": "note", "text": note}


def _table(title: str, head: Sequence[str], rows: list[list[str]], *, right: int) -> Iterator[dict[str, Any]]:
    if rows:
        yield {"kind": "heading", "text": title}
        yield {"kind": "table", "head": list(head), "align": ["l"] * (len(head) - right) + ["r"] * right, "rows": rows}
