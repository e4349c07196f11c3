"""The doors through which money moves. Only `*/postings.py` and `payments/reconciliation.py` may import this file.

One transfer: `post`, `reserve`, `settle`, `void`, `reverse`. Many in one statement: the same verbs with `_from`, fed by a SELECT; and
`reserve_cte` and its sisters, which become one arm of a larger statement of the caller. Accounts are named by (code, owner), never by id,
and open on first use; the chart decides which may exist. Amounts are integers in minor units.

Every transfer carries a key made from the business fact. The same key with the same input is the same transfer: nothing happens twice.
The same key with other input is a `KeyConflict`. Refusals leave the caller's transaction usable (savepoint).

Lock order: rows of the caller first (listing, loan), then accounts by id; within one statement the ledger orders accounts by itself.
A transaction that calls several doors holds the accounts of each: move everything of one business fact in one statement where you can.
"""
# ruff: noqa: S608  statements are put together from the fixed texts of this file and the caller's own SELECT; values are parameters

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import date
from functools import cache
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext_lazy as _

from core import prepared
from core.refusals import Conflict

from .chart import CHART, AccountCode
from .models import Account, Phase, Transfer
from .triggers import FINGERPRINT

Params = Sequence[Any] | Mapping[str, Any]
At = tuple[AccountCode, str]
"""An account within a currency: (code, owner)."""


class LedgerRefusal(Conflict):
    """The books refused a transfer. `code` is stable, `message` may be shown to a person; neither names anyone."""

    code = "refused"
    message = _("The ledger refused this transfer.")

    def __str__(self) -> str:
        return str(self.message)


class InsufficientFunds(LedgerRefusal):
    code = "insufficient_funds"
    message = _("There is not enough money available for this.")


class KeyConflict(LedgerRefusal):
    code = "key_conflict"
    message = _("This transfer was already made with different details.")


class AlreadyResolved(LedgerRefusal):
    code = "already_resolved"
    message = _("This reservation was already settled or released.")


class UnknownPending(LedgerRefusal):
    code = "unknown_pending"
    message = _("There is no such reservation.")


class UnknownAccount(LedgerRefusal):
    code = "unknown_account"
    message = _("There is no such account.")


class IllegalTransfer(LedgerRefusal):
    """Amount not positive, an account against itself, a settle above its reservation, a code or owner not in the chart."""

    code = "illegal_transfer"
    message = _("The ledger does not allow this transfer.")


REFUSALS: dict[str, type[LedgerRefusal]] = {
    "ledger_account_debits_covered": InsufficientFunds,
    "ledger_account_credits_covered": InsufficientFunds,
    "ledger_transfer_key_once": KeyConflict,
    "ledger_transfer_pending_once": AlreadyResolved,
    "ledger_transfer_resolves_pending": IllegalTransfer,
    "ledger_transfer_amount_positive": IllegalTransfer,
    "ledger_transfer_two_accounts": IllegalTransfer,
    "ledger_transfer_plain_text": IllegalTransfer,
    "ledger_account_in_chart": IllegalTransfer,
    "ledger_account_currency_code": IllegalTransfer,
}
# New transfers bring a currency; a settle or void without one found no pending row to take it from.
REFUSED_NULLS: dict[str, type[LedgerRefusal]] = {"currency": UnknownPending, "debit_account_id": UnknownAccount, "credit_account_id": UnknownAccount}


@contextmanager
def refusals() -> Iterator[None]:
    """Run statements that contain a ledger arm: database errors about the books become `LedgerRefusal`s, the transaction survives.

    Everything inside is undone on an error. Wrap a composed statement (`reserve_cte`) in it; the other doors do so themselves.
    """
    try:
        # A lone statement outside a transaction is atomic by itself and needs no BEGIN or SAVEPOINT around it.
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            yield
    except DatabaseError as error:
        refusal = _refusal(error)
        if refusal is None:
            raise
        raise refusal() from error


def _refusal(error: DatabaseError) -> type[LedgerRefusal] | None:
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is None:
        return None
    if diagnosis.sqlstate == "23502" and diagnosis.table_name == Transfer._meta.db_table:
        return REFUSED_NULLS.get(diagnosis.column_name, IllegalTransfer)
    return REFUSALS.get(diagnosis.constraint_name)


# --- Accounts


def open_account(*, code: AccountCode, owner: str, currency: str) -> Account:
    """The account, opened empty if it is new. Two sessions may ask at once. Raises IllegalTransfer for what is not in the chart."""
    _open_accounts(source="SELECT %s::text AS code, %s::text AS owner, %s::text AS currency", params=(code, owner, currency))
    return Account.objects.get(code=code, owner=owner, currency=currency)


def open_accounts(select_sql: str, params: Params = ()) -> None:
    """Open whatever is missing among the rows (code, owner, currency) of a SELECT. Raises as `open_account`."""
    _open_accounts(source=select_sql, params=params)


def _open_accounts(*, source: str, params: Params) -> None:
    """Open whatever is missing among the (code, owner, currency) rows of a SELECT, in one fixed order so that sessions do not cross."""
    chart = ", ".join(f"('{code.value}', {line.debits_must_not_exceed_credits}, {line.credits_must_not_exceed_debits})" for code, line in CHART.items())
    statement = f"""
        INSERT INTO ledger_account (code, owner, currency, debits_must_not_exceed_credits, credits_must_not_exceed_debits)
        SELECT w.code, w.owner, w.currency, coalesce(chart.debits_flag, false), coalesce(chart.credits_flag, false)
          FROM (SELECT DISTINCT code, owner, currency FROM ({source}) s) w
          LEFT JOIN (VALUES {chart}) AS chart (code, debits_flag, credits_flag) ON chart.code = w.code
         ORDER BY 1, 2, 3
        ON CONFLICT (code, owner, currency) DO NOTHING"""
    with refusals(), connection.cursor() as cursor:
        cursor.execute(statement, params)


def available_locked(*, code: AccountCode, owners: Sequence[str], currency: str) -> dict[str, int]:
    """What each owner's account has available, its row locked until the transaction ends, in the order of ids. Accounts never opened are left out.

    For movements of many that must be cut to what is there, instead of being refused as a whole. For accounts that grow on the credit side.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT owner, credits_posted - debits_posted - debits_pending FROM ledger_account WHERE code = %s AND owner = ANY(%s) AND currency = %s"
            " ORDER BY id FOR UPDATE",
            [code.value, list(owners), currency],
        )
        return dict(cursor.fetchall())


# --- One statement builder behind every door

COLUMNS = "key, debit_account_id, credit_account_id, currency, amount, phase, pending_id, kind, reference, booked_on"
NEW_COLUMNS = "key, debit_code, debit_owner, credit_code, credit_owner, currency, amount, kind, reference, booked_on"
RESOLVE_COLUMNS = "key, pending_key, amount, booked_on"
MANY, ONE = "w.{}", "%({})s"
"""Where a value comes from: a column of the caller's SELECT, or a parameter (and then the source is a SELECT of one row of nothing)."""
NOTHING = "SELECT"
# mod() exists for integers and numeric, not for floats; a fraction of a minor unit becomes NULL and is refused instead of rounded.
AMOUNT = {MANY: "CASE WHEN mod(w.amount, 1) = 0 THEN w.amount::bigint END", ONE: "%(amount)s::bigint"}


def _wanted(phase: Phase, source: str, form: str = MANY) -> str:
    """SELECT of COLUMNS: the caller's rows with account ids in place of (code, owner), or with what their pending transfer says."""
    the = {name: form.format(name) for name in (*NEW_COLUMNS.split(", "), "pending_key")}
    if phase in (Phase.SETTLED, Phase.VOIDED):
        amount = f"coalesce({AMOUNT[form]}, p.amount)" if phase is Phase.SETTLED else "p.amount"
        return f"""
            SELECT {the["key"]}::text AS key, p.debit_account_id, p.credit_account_id, p.currency, {amount} AS amount, '{phase.value}'::text AS phase,
                p.id AS pending_id, p.kind, p.reference, {the["booked_on"]}::date AS booked_on
              FROM ({source}) w LEFT JOIN ledger_transfer p ON p.key = {the["pending_key"]}"""
    return f"""
            SELECT {the["key"]}::text AS key, d.id AS debit_account_id, c.id AS credit_account_id, coalesce({the["currency"]}::text, '') AS currency,
                {AMOUNT[form]} AS amount, '{phase.value}'::text AS phase, NULL::bigint AS pending_id,
                {the["kind"]}::text AS kind, {the["reference"]}::text AS reference, {the["booked_on"]}::date AS booked_on
              FROM ({source}) w
              LEFT JOIN ledger_account d ON d.code = {the["debit_code"]} AND d.owner = {the["debit_owner"]} AND d.currency = {the["currency"]}
              LEFT JOIN ledger_account c ON c.code = {the["credit_code"]} AND c.owner = {the["credit_owner"]} AND c.currency = {the["currency"]}"""


def _insert(rows: str) -> str:
    return f"INSERT INTO ledger_transfer ({COLUMNS}) {rows}"


# --- Arms for the caller's own statement


def reserve_cte(*, source: str, name: str = "held") -> str:
    """One arm of a WITH statement that reserves money: `{name} AS (INSERT … RETURNING id, key, amount)`.

    `source` is a SELECT of NEW_COLUMNS over earlier arms, so the money is held exactly for the rows those arms let through; its
    placeholders belong to the caller's statement. All arms see one snapshot, and balances and overdraft are checked when the statement
    ends, after the caller's row locks: so the lock order is the listing row, then accounts by id, and it cannot deadlock with itself.
    Accounts must exist (`open_account`). A used key fails the whole statement (KeyConflict). Run it inside `refusals()`:

        with refusals(), connection.cursor() as cursor:
            cursor.execute(f'''
                WITH listing AS (
                    UPDATE marketplace_listing SET pledged = pledged + %(amount)s
                     WHERE id = %(listing)s AND state = 'open' AND pledged + %(amount)s <= target RETURNING id, currency),
                pledge AS (
                    INSERT INTO marketplace_pledge (…) SELECT … FROM listing RETURNING id, reference, amount),
                {reserve_cte(source='''
                    SELECT 'pledge:' || pledge.reference AS key, 'client_cash' AS debit_code, %(investor)s AS debit_owner,
                           'listing_escrow' AS credit_code, %(escrow)s AS credit_owner, listing.currency, pledge.amount,
                           'pledge' AS kind, pledge.reference, %(booked_on)s AS booked_on
                      FROM pledge, listing''')}
                SELECT pledge.id FROM pledge, held''', params)
            # no row: the guard said no (full, closed), and nothing was written
    """
    return _arm(Phase.PENDING, source, name)


def post_cte(*, source: str, name: str = "posted") -> str:
    """As `reserve_cte`, posting at once."""
    return _arm(Phase.POSTED, source, name)


def settle_cte(*, source: str, name: str = "settled") -> str:
    """As `reserve_cte`, settling: `source` selects RESOLVE_COLUMNS. The pending transfers must be older than the statement."""
    return _arm(Phase.SETTLED, source, name)


def void_cte(*, source: str, name: str = "voided") -> str:
    """As `settle_cte`, releasing: `source` selects RESOLVE_COLUMNS without amount."""
    return _arm(Phase.VOIDED, source, name)


def _arm(phase: Phase, source: str, name: str) -> str:
    return f"{name} AS ({_insert(_wanted(phase, source))} RETURNING id, key, amount)"


# --- Many transfers, one statement


def post_from(select_sql: str, params: Params = ()) -> int:
    """Post every row of a SELECT of NEW_COLUMNS (by name, in any order) in one statement; all or none.

    Returns how many transfers now stand for the SELECT, made now or by an earlier run with the same keys. Missing accounts are opened.
    Raises InsufficientFunds, KeyConflict (also when one key comes twice with different input), IllegalTransfer.
    """
    return _move_all(Phase.POSTED, select_sql, params)


def reserve_from(select_sql: str, params: Params = ()) -> int:
    """As `post_from`, reserving."""
    return _move_all(Phase.PENDING, select_sql, params)


def settle_from(select_sql: str, params: Params = ()) -> int:
    """Settle every row of a SELECT of (key, pending_key, amount, booked_on); amount NULL settles the whole. Returns as `post_from`.

    Raises UnknownPending, AlreadyResolved, IllegalTransfer (above the reservation), KeyConflict.
    """
    return _move_all(Phase.SETTLED, select_sql, params)


def void_from(select_sql: str, params: Params = ()) -> int:
    """Release every row of a SELECT of (key, pending_key, booked_on). Returns and raises as `settle_from`."""
    return _move_all(Phase.VOIDED, select_sql, params)


def _move_all(phase: Phase, source: str, params: Params) -> int:
    statement = f"""
        WITH wanted AS MATERIALIZED ({_wanted(phase, source)}),
        made AS ({_insert(f"SELECT {COLUMNS} FROM wanted")} ON CONFLICT (key) DO NOTHING RETURNING key, input_hash),
        tally AS (SELECT (SELECT count(*) FROM wanted) AS wanted, (SELECT count(*) FROM made) AS made)
        SELECT tally.wanted, left_over.keys, left_over.hashes FROM tally LEFT JOIN LATERAL (
            SELECT array_agg(w.key) AS keys, array_agg({FINGERPRINT.format("w.")}) AS hashes FROM wanted w
             WHERE tally.wanted <> tally.made AND NOT EXISTS (SELECT FROM made m WHERE m.key = w.key AND m.input_hash = {FINGERPRINT.format("w.")})
        ) left_over ON tally.wanted <> tally.made"""
    with transaction.atomic():  # a contradiction is found after the rest was written, and takes it back
        wanted, keys, hashes = _run(phase, source, statement, params)
        if keys:
            _same_as_before(keys, hashes)
    return int(wanted)


def _run(phase: Phase, source: str, statement: str, params: Params, *, fetch: Callable[[str, Any], Any] | None = None) -> Any:
    """Execute and fetch one row; once more after opening accounts that did not exist, or after a rival resolved the same key first."""
    try:
        return (fetch or _fetch)(statement, params)
    except UnknownAccount:
        sides = " UNION ALL ".join(f"SELECT {side}_code::text AS code, {side}_owner::text AS owner, currency::text FROM s" for side in ("debit", "credit"))
        _open_accounts(source=f"WITH s AS ({source}) {sides}", params=params)
    except AlreadyResolved:
        pass  # by whom is not known yet: under its own key it is a replay, and the second run says so
    return _fetch(statement, params)


def _fetch(statement: str, params: Params) -> Any:
    with refusals(), connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchone()


def _fetch_prepared(statement: str, params: Mapping[str, Any]) -> Any:
    with refusals():
        return prepared.fetch_one(statement, params)


def _same_as_before(keys: list[str], hashes: list[bytes]) -> None:
    """Rows left out because their key was taken: a replay if the input is the same. A new statement, so it sees rivals' commits."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM unnest(%s::text[], %s::bytea[]) AS w (key, input_hash) JOIN ledger_transfer t USING (key, input_hash)", (keys, hashes)
        )
        (same,) = cursor.fetchone()
    if same != len(keys):
        raise KeyConflict


# --- One transfer


def post(*, debit: At, credit: At, currency: str, amount: int, key: str, kind: str, reference: str, booked_on: date) -> Transfer:
    """Move `amount` minor units from credit's point of view: debit the one account, credit the other, at once. See `post_from` for errors."""
    return _move_new(Phase.POSTED, debit, credit, (key, currency, amount, kind, reference, booked_on))


def reserve(*, debit: At, credit: At, currency: str, amount: int, key: str, kind: str, reference: str, booked_on: date) -> Transfer:
    """A pending transfer: the amount is held on the debited account and promised to the credited one until `settle` or `void`."""
    return _move_new(Phase.PENDING, debit, credit, (key, currency, amount, kind, reference, booked_on))


def settle(*, pending_key: str, key: str, booked_on: date, amount: int | None = None) -> Transfer:
    """Post a pending transfer, whole or in part (the rest is released). See `settle_from` for errors."""
    return _move_one(Phase.SETTLED, {"key": key, "pending_key": pending_key, "amount": amount, "booked_on": booked_on})


def void(*, pending_key: str, key: str, booked_on: date) -> Transfer:
    """Release a pending transfer. See `settle_from` for errors."""
    return _move_one(Phase.VOIDED, {"key": key, "pending_key": pending_key, "booked_on": booked_on})


def reverse(*, key: str, booked_on: date) -> Transfer:
    """Undo a posted or settled transfer by its opposite, once: the new key is `<key>:reversed`. Raises as `post`."""
    made = Transfer.objects.select_related("debit_account", "credit_account").filter(key=key, phase__in=(Phase.POSTED, Phase.SETTLED)).first()
    if made is None:
        raise IllegalTransfer
    return post(
        debit=_at(made.credit_account),
        credit=_at(made.debit_account),
        currency=made.currency,
        amount=made.amount,
        key=f"{key}:reversed",
        kind=made.kind,
        reference=made.reference,
        booked_on=booked_on,
    )


def _at(account: Account) -> At:
    return AccountCode(account.code), account.owner


def _move_new(phase: Phase, debit: At, credit: At, rest: tuple[str, str, int, str, str, date]) -> Transfer:
    return _move_one(phase, dict(zip(NEW_COLUMNS.split(", "), (rest[0], *debit, *credit, *rest[1:]), strict=True)))


def _move_one(phase: Phase, values: dict[str, Any]) -> Transfer:
    amount = values.get("amount")
    # PostgreSQL would round a Decimal into the column; a float must not come near money at all.
    if amount is not None and type(amount) is not int:
        raise TypeError("an amount is an int in minor units")
    insert, again = _one(phase)
    row = _run(phase, ONE_ACCOUNT_SOURCE, insert, values, fetch=_fetch_prepared) or _fetch(again, values)
    if row is None:
        raise KeyConflict
    return Transfer.from_db(connection.alias, TRANSFER_FIELDS, row)


@cache
def _one(phase: Phase) -> tuple[str, str]:
    """The statement that makes one transfer, and the one that finds it made before with the same input."""
    wanted = _wanted(phase, NOTHING, ONE)
    columns = ", ".join(f"t.{field}" for field in TRANSFER_FIELDS)
    again = f"SELECT {columns} FROM ({wanted}) w JOIN ledger_transfer t ON t.key = w.key AND t.input_hash = {FINGERPRINT.format('w.')}"
    return f"{_insert(wanted)} ON CONFLICT (key) DO NOTHING RETURNING {', '.join(TRANSFER_FIELDS)}", again


TRANSFER_FIELDS = [field.attname for field in Transfer._meta.concrete_fields]
ONE_ACCOUNT_SOURCE = "SELECT " + ", ".join(f"%({name})s AS {name}" for name in ("debit_code", "debit_owner", "credit_code", "credit_owner", "currency"))
