"""Proof that the books balance: recomputed from the transfers, each check one statement and therefore one snapshot.

Apps above add what only they can say (`register`): that escrow equals the pledges of filled listings, for instance.
"""
# ruff: noqa: S608  statements are put together from the fixed texts of this file; values are parameters

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import connection

from .chart import Section
from .models import Account, Transfer
from .queries import sections
from .triggers import ACCOUNT_TRIGGERS, FINGERPRINT, TRANSFER_TRIGGERS

PENDING_DAYS_MAX = 14
EXAMPLES_MAX = 5


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something the books say. `is_error` is false for what a person should look at although every sum is right."""

    check: str
    text: str
    is_error: bool = True


@dataclass(frozen=True, kw_only=True)
class CurrencyProof:
    """The equation of one currency, minor units: money = clients + transit + operator."""

    currency: str
    sections: dict[Section, int]
    accounts: int
    transfers: int
    open_reservations: int

    @property
    def holds(self) -> bool:
        return self.sections[Section.MONEY] == sum(amount for section, amount in self.sections.items() if section is not Section.MONEY)


@dataclass(frozen=True, kw_only=True)
class Report:
    currencies: tuple[CurrencyProof, ...] = ()
    findings: tuple[Finding, ...] = field(default=())

    @property
    def is_clean(self) -> bool:
        return not any(finding.is_error for finding in self.findings)


Check = Callable[[date | None], Iterable[Finding]]
_further: dict[str, Check] = {}


def register(name: str, check: Check) -> None:
    """Add a check of an app above: called with the business day (or None), it returns findings. One check per name."""
    _further[name] = check


def check_books(*, as_of: date | None = None) -> Report:
    """Every check of the ledger, then those registered. Without `as_of` the age of reservations is not judged."""
    findings = [finding for name, query in ERRORS.items() for finding in _found(name, query, is_error=True)]
    findings += [finding for name, query in NOTES.items() for finding in _found(name, query, is_error=False)]
    findings += _missing_guards()
    if as_of is not None:
        findings += _found("old_reservations", OLD_RESERVATIONS, is_error=False, params=[as_of - timedelta(days=PENDING_DAYS_MAX)])
    proofs = _proofs()
    findings += [Finding(check="equation", text=f"{proof.currency}: money is not clients + transit + operator") for proof in proofs if not proof.holds]
    for check in _further.values():
        findings += check(as_of)
    return Report(currencies=proofs, findings=tuple(findings))


# Each selects one text per offence; no row means that all is well.
ERRORS = {
    "currency_balances": """
        SELECT currency || ': debits are not credits' FROM ledger_account GROUP BY currency
        HAVING sum(debits_posted) <> sum(credits_posted) OR sum(debits_pending) <> sum(credits_pending)""",
    "stored_balances": """
        SELECT a.code || ' ' || a.owner || ' ' || a.currency || ': stored balance is not the sum of its transfers'
          FROM ledger_account a LEFT JOIN (
            SELECT leg.account_id,
                sum(posted) FILTER (WHERE is_debit) AS debits_posted, sum(posted) FILTER (WHERE NOT is_debit) AS credits_posted,
                sum(held) FILTER (WHERE is_debit) AS debits_pending, sum(held) FILTER (WHERE NOT is_debit) AS credits_pending
              FROM (
                SELECT side.account_id, side.is_debit, CASE WHEN t.phase IN ('posted', 'settled') THEN t.amount ELSE 0 END AS posted,
                    CASE WHEN t.phase = 'pending' AND r.id IS NULL THEN t.amount ELSE 0 END AS held
                  FROM ledger_transfer t LEFT JOIN ledger_transfer r ON r.pending_id = t.id
                  CROSS JOIN LATERAL (VALUES (t.debit_account_id, true), (t.credit_account_id, false)) AS side (account_id, is_debit)
              ) leg GROUP BY leg.account_id
          ) s ON s.account_id = a.id
         WHERE (a.debits_posted, a.credits_posted, a.debits_pending, a.credits_pending)
            <> (coalesce(s.debits_posted, 0), coalesce(s.credits_posted, 0), coalesce(s.debits_pending, 0), coalesce(s.credits_pending, 0))""",
    "overdraft": """
        SELECT code || ' ' || owner || ' ' || currency || ': overdrawn' FROM ledger_account
         WHERE (debits_must_not_exceed_credits AND debits_posted + debits_pending > credits_posted)
            OR (credits_must_not_exceed_debits AND credits_posted + credits_pending > debits_posted)""",
    "transfer_accounts": """
        SELECT t.key || ': an account is missing or of another currency' FROM ledger_transfer t
          LEFT JOIN ledger_account d ON d.id = t.debit_account_id AND d.currency = t.currency
          LEFT JOIN ledger_account c ON c.id = t.credit_account_id AND c.currency = t.currency WHERE d.id IS NULL OR c.id IS NULL""",
    "resolutions": """
        SELECT r.key || ': does not fit the reservation it resolves' FROM ledger_transfer r LEFT JOIN ledger_transfer p ON p.id = r.pending_id
         WHERE r.pending_id IS NOT NULL AND NOT coalesce(p.phase = 'pending' AND p.debit_account_id = r.debit_account_id
           AND p.credit_account_id = r.credit_account_id AND (r.amount = p.amount OR (r.phase = 'settled' AND r.amount < p.amount)), false)""",
    "resolved_once": """
        SELECT p.key || ': resolved ' || count(*) || ' times' FROM ledger_transfer r JOIN ledger_transfer p ON p.id = r.pending_id
         GROUP BY p.id HAVING count(*) > 1""",
    "input_hash": f"SELECT key || ': does not match its input hash' FROM ledger_transfer WHERE input_hash <> {FINGERPRINT.format('')}",
}
NOTES = {
    "bank_overdrawn": """
        SELECT owner || ' ' || currency || ': less than nothing at the bank' FROM ledger_account WHERE code = 'bank' AND debits_posted < credits_posted""",
}
OLD_RESERVATIONS = """
    SELECT p.key || ': reserved since ' || p.booked_on FROM ledger_transfer p
     WHERE p.phase = 'pending' AND p.booked_on < %s AND NOT EXISTS (SELECT FROM ledger_transfer r WHERE r.pending_id = p.id) ORDER BY p.booked_on"""


def _found(check: str, query: str, *, is_error: bool, params: list[Any] | None = None) -> list[Finding]:
    """The first few offences in full and the number of the rest."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT text, count(*) OVER () FROM ({query}) AS offence (text) LIMIT {EXAMPLES_MAX}", params)
        rows = cursor.fetchall()
    findings = [Finding(check=check, text=text, is_error=is_error) for text, _count in rows]
    if rows and rows[0][1] > len(rows):
        findings.append(Finding(check=check, text=f"and {rows[0][1] - len(rows)} more", is_error=is_error))
    return findings


def _missing_guards() -> list[Finding]:
    """The rules are only as good as the triggers that keep them: each must be there and switched on."""
    guarded = ((Account, ACCOUNT_TRIGGERS), (Transfer, TRANSFER_TRIGGERS))
    expected = {trigger.get_pgid(model): f"{model._meta.db_table}: {trigger.name}" for model, triggers in guarded for trigger in triggers}  # type: ignore[arg-type]
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname = ANY(%s) AND tgenabled IN ('O', 'A')", [list(expected)])
        present = {name for (name,) in cursor.fetchall()}
    return [Finding(check="guards", text=f"{where} is missing or off") for pgid, where in expected.items() if pgid not in present]


def _proofs() -> tuple[CurrencyProof, ...]:
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT a.currency, a.accounts, coalesce(t.transfers, 0), coalesce(t.pending - t.resolved, 0)
              FROM (SELECT currency, count(*) AS accounts FROM ledger_account GROUP BY currency) a
              LEFT JOIN (SELECT currency, count(*) AS transfers, count(*) FILTER (WHERE phase = 'pending') AS pending, count(pending_id) AS resolved
                           FROM ledger_transfer GROUP BY currency) t USING (currency) ORDER BY a.currency""")
        rows = cursor.fetchall()
    return tuple(
        CurrencyProof(currency=currency, sections=sections(currency=currency), accounts=accounts, transfers=transfers, open_reservations=pending)
        for currency, accounts, transfers, pending in rows
    )
