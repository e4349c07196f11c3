"""What the books say: balances, statements, the movements of one affair, totals of the chart. Reads only.

Every figure is in minor units, signed in the account's normal direction: a client's cash and the bank's money are both positive.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Q, Sum

from .chart import CHART, AccountCode, Section, Side
from .models import Account, Phase, Transfer


@dataclass(frozen=True, kw_only=True)
class Balance:
    """posted: what is booked. pending_out, pending_in: held for leaving, promised to arrive. available: posted less pending_out."""

    posted: int = 0
    pending_out: int = 0
    pending_in: int = 0

    @property
    def available(self) -> int:
        return self.posted - self.pending_out


@dataclass(frozen=True, kw_only=True)
class Line:
    """One entry of a statement. `amount` is signed; `balance` is what is posted after it (for a pending line: what is posted now)."""

    id: int
    key: str
    kind: str
    reference: str
    booked_on: date
    created_at: datetime
    other_code: str
    other_owner: str
    amount: int
    balance: int


@dataclass(frozen=True, kw_only=True)
class Statement:
    """Newest first. `pending` are the unresolved reservations of the account, apart from the booked lines; `before` asks for the next page."""

    balance: Balance
    lines: tuple[Line, ...] = ()
    pending: tuple[Line, ...] = ()
    before: int | None = None


@dataclass(frozen=True, kw_only=True)
class Movement:
    """One transfer as the business sees it."""

    key: str
    kind: str
    phase: Phase
    reference: str
    amount: int
    currency: str
    debit: tuple[AccountCode, str]
    credit: tuple[AccountCode, str]
    booked_on: date
    created_at: datetime


def balance(*, code: AccountCode, owner: str, currency: str) -> Balance:
    """The balance of one account; an account that was never opened is empty."""
    return balances(code=code, owners=[owner], currency=currency)[owner]


def balances(*, code: AccountCode, owners: Iterable[str], currency: str) -> dict[str, Balance]:
    """Balances of many owners in one query; each asked owner is in the answer."""
    found = dict.fromkeys(owners, Balance())
    for account in Account.objects.filter(code=code, owner__in=list(found), currency=currency):
        found[account.owner] = of_account(account)
    return found


def of_account(account: Account) -> Balance:
    return _balance(AccountCode(account.code), account.debits_posted, account.credits_posted, account.debits_pending, account.credits_pending)


def _balance(code: AccountCode, debits_posted: int, credits_posted: int, debits_pending: int, credits_pending: int) -> Balance:
    if CHART[code].side is Side.CREDIT:
        return Balance(posted=credits_posted - debits_posted, pending_out=debits_pending, pending_in=credits_pending)
    return Balance(posted=debits_posted - credits_posted, pending_out=credits_pending, pending_in=debits_pending)


def totals(*, currency: str) -> dict[AccountCode, Balance]:
    """The balance of each account code over all owners, in the chart's order; codes without accounts are zero."""
    sums = [Sum(name) for name in ("debits_posted", "credits_posted", "debits_pending", "credits_pending")]
    rows = Account.objects.filter(currency=currency).values("code").annotate().values_list("code", *sums)
    found = {AccountCode(code): _balance(AccountCode(code), *map(int, amounts)) for code, *amounts in rows}
    return {code: found.get(code, Balance()) for code in CHART}


def sections(*, currency: str) -> dict[Section, int]:
    """The equation: MONEY = CLIENTS + TRANSIT + OPERATOR, posted. Expenses of the operator count against OPERATOR."""
    found = dict.fromkeys(Section, 0)
    for code, sums in totals(currency=currency).items():
        entry = CHART[code]
        grows = Side.DEBIT if entry.section is Section.MONEY else Side.CREDIT
        found[entry.section] += sums.posted if entry.side is grows else -sums.posted
    return found


def transfers_for(*, reference: str) -> tuple[Movement, ...]:
    """Every transfer of one affair, in the order it was made."""
    rows = Transfer.objects.filter(reference=reference).select_related("debit_account", "credit_account").order_by("id")
    return tuple(movement(row) for row in rows)


def movement(row: Transfer) -> Movement:
    return Movement(
        key=row.key,
        kind=row.kind,
        phase=Phase(row.phase),
        reference=row.reference,
        amount=row.amount,
        currency=row.currency,
        debit=(AccountCode(row.debit_account.code), row.debit_account.owner),
        credit=(AccountCode(row.credit_account.code), row.credit_account.owner),
        booked_on=row.booked_on,
        created_at=row.created_at,
    )


# The running balance is counted backwards from the account's own balance, so the first page reads only its own rows,
# and every page of one statement agrees with the balance of the same instant.
_LINES = """
    SELECT l.id, l.key, l.kind, l.reference, l.booked_on, l.created_at, other.code, other.owner, l.amount, l.balance FROM (
        SELECT leg.*, ({posted}) - coalesce(sum(leg.amount) OVER (ORDER BY leg.id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::bigint AS balance
          FROM (
            SELECT t.id, key, kind, reference, booked_on, t.created_at, credit_account_id AS other_id, amount * %(debit_sign)s AS amount
              FROM ledger_transfer t WHERE debit_account_id = %(account)s AND {phases}
            UNION ALL
            SELECT t.id, key, kind, reference, booked_on, t.created_at, debit_account_id AS other_id, amount * -%(debit_sign)s AS amount
              FROM ledger_transfer t WHERE credit_account_id = %(account)s AND {phases}
          ) leg
      ) l JOIN ledger_account other ON other.id = l.other_id
     WHERE {page} ORDER BY l.id DESC {limit}"""
_POSTED = "SELECT (debits_posted - credits_posted) * %(debit_sign)s FROM ledger_account WHERE id = %(account)s"


def statement(
    *,
    code: AccountCode,
    owner: str,
    currency: str,
    since: date | None = None,
    until: date | None = None,
    limit: int = 50,
    before: int | None = None,
) -> Statement:
    """A page of the account's booked lines with running balance, newest first; `since` and `until` are business days, both included.

    `before` is the cursor of the page before. Lines stand in the order in which they were entered, which the balance follows.
    """
    account = Account.objects.filter(code=code, owner=owner, currency=currency).first()
    if account is None:
        return Statement(balance=Balance())
    values = {"since": since, "until": until, "before": before, "limit": limit + 1}
    conditions = {"since": "l.booked_on >= %(since)s", "until": "l.booked_on <= %(until)s", "before": "l.id < %(before)s"}
    page = " AND ".join(sql for name, sql in conditions.items() if values[name] is not None) or "true"
    lines = _lines(account, phases="phase IN ('posted', 'settled')", page=page, limit="LIMIT %(limit)s", values=values)
    more = len(lines) > limit
    return Statement(balance=of_account(account), lines=lines[:limit], pending=_pending(account), before=lines[limit - 1].id if more else None)


def _pending(account: Account) -> tuple[Line, ...]:
    open_ones = "phase = 'pending' AND NOT EXISTS (SELECT FROM ledger_transfer r WHERE r.pending_id = t.id)"
    return tuple(_lines(account, phases=open_ones, page="true", limit="", values={}))


def _lines(account: Account, *, phases: str, page: str, limit: str, values: dict[str, Any]) -> tuple[Line, ...]:
    sign = 1 if account.entry.side is Side.DEBIT else -1
    query = _LINES.format(posted=_POSTED, phases=phases, page=page, limit=limit)
    with connection.cursor() as cursor:
        cursor.execute(query, {**values, "account": account.pk, "debit_sign": sign})
        return tuple(_line(*row) for row in cursor.fetchall())


def _line(*row: Any) -> Line:
    return Line(**dict(zip(Line.__dataclass_fields__, row, strict=True)))


def last_transfer() -> int:
    """The id of the newest transfer once every one underway is written, so that none with a smaller id appears later; 0 before the first.

    Waits for the writers underway and holds new ones until the caller's transaction ends: for marks that are made once, never for a page.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {Transfer._meta.db_table} IN SHARE MODE")
    return Transfer.objects.order_by("-id").values_list("id", flat=True).first() or 0


def open_reservations(*, owner: str, currency: str) -> int:
    """How many reservations of the owner, on any account and either side, wait to be settled or released."""
    touches = Q(debit_account__owner=owner) | Q(credit_account__owner=owner)
    return Transfer.objects.filter(touches, currency=currency, phase=Phase.PENDING, resolutions__isnull=True).count()
