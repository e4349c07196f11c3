"""A plain Python model of the ledger, and the state machine that compares it with the real one after each step.

Reusable: a test of an app above subclasses `BooksMachine`, tells `self.books` what its operation should have moved, and gets the comparison
of every balance for nothing. The model holds money in dictionaries and knows no SQL.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction
from hypothesis.stateful import RuleBasedStateMachine, invariant

from ledger.chart import CHART, AccountCode, Side
from ledger.models import Account

At = tuple[AccountCode, str]
DAY = date(2026, 3, 2)


class Refused(Exception):
    """What the ledger must answer, by its code."""


@dataclass
class Sums:
    debits_posted: int = 0
    credits_posted: int = 0
    debits_pending: int = 0
    credits_pending: int = 0


@dataclass
class Fact:
    """One transfer of the model. `resolved` tells of a pending one whether it was settled or voided."""

    phase: str
    debit: At
    credit: At
    amount: int
    pending_key: str | None = None
    resolved: bool = False


@dataclass
class Books:
    """The expected books of one currency."""

    accounts: dict[At, Sums] = field(default_factory=lambda: defaultdict(Sums))
    facts: dict[str, Fact] = field(default_factory=dict)

    def post(self, key: str, debit: At, credit: At, amount: int) -> None:
        self._write(key, Fact("posted", debit, credit, amount))

    def reserve(self, key: str, debit: At, credit: At, amount: int) -> None:
        self._write(key, Fact("pending", debit, credit, amount))

    def settle(self, key: str, pending_key: str, amount: int | None = None) -> None:
        held = self._held(pending_key)
        self._write(key, Fact("settled", held.debit, held.credit, held.amount if amount is None else amount, pending_key))

    def void(self, key: str, pending_key: str) -> None:
        held = self._held(pending_key)
        self._write(key, Fact("voided", held.debit, held.credit, held.amount, pending_key))

    def reverse(self, key: str) -> None:
        fact = self.facts.get(key)
        if fact is None or fact.phase not in ("posted", "settled"):
            raise Refused("illegal_transfer")
        self.post(f"{key}:reversed", fact.credit, fact.debit, fact.amount)

    def held_keys(self) -> list[str]:
        return [key for key, fact in self.facts.items() if fact.phase == "pending"]

    def _held(self, key: str) -> Fact:
        if key not in self.facts:
            raise Refused("unknown_pending")
        return self.facts[key]

    def _write(self, key: str, fact: Fact) -> None:
        known = self.facts.get(key)
        if known is not None:
            told = (known.phase, known.debit, known.credit, known.amount, known.pending_key)
            if told != (fact.phase, fact.debit, fact.credit, fact.amount, fact.pending_key):
                raise Refused("key_conflict")
            return
        held = self.facts[fact.pending_key] if fact.pending_key else None
        if held is not None:
            self._may_resolve(held, fact)
        self._move(fact, held)
        self.facts[key] = fact
        if held is not None:
            held.resolved = True

    @staticmethod
    def _may_resolve(held: Fact, fact: Fact) -> None:
        if held.resolved:
            raise Refused("already_resolved")
        if held.phase != "pending" or fact.amount > held.amount:
            raise Refused("illegal_transfer")

    def _move(self, fact: Fact, held: Fact | None) -> None:
        debit, credit = (Sums(**vars(self.accounts[at])) for at in (fact.debit, fact.credit))
        if fact.phase == "pending":
            debit.debits_pending += fact.amount
            credit.credits_pending += fact.amount
        if held is not None:
            debit.debits_pending -= held.amount
            credit.credits_pending -= held.amount
        if fact.phase in ("posted", "settled"):
            debit.debits_posted += fact.amount
            credit.credits_posted += fact.amount
        if not (covered(fact.debit[0], debit) and covered(fact.credit[0], credit)):
            raise Refused("insufficient_funds")
        self.accounts[fact.debit], self.accounts[fact.credit] = debit, credit


def covered(code: AccountCode, sums: Sums) -> bool:
    entry = CHART[code]
    if not entry.covered:
        return True
    if entry.side is Side.CREDIT:
        return sums.credits_posted >= sums.debits_posted + sums.debits_pending
    return sums.debits_posted >= sums.credits_posted + sums.credits_pending


def real_accounts(currency: str = "CNY") -> dict[At, Sums]:
    """Every account of the database as the model would hold it."""
    rows = Account.objects.filter(currency=currency).values_list("code", "owner", "debits_posted", "credits_posted", "debits_pending", "credits_pending")
    return {(AccountCode(code), owner): Sums(*sums) for code, owner, *sums in rows}


class BooksMachine(RuleBasedStateMachine):
    """Each example runs in a transaction of its own, rolled back at its end; after every step all balances equal the model's."""

    def __init__(self) -> None:
        super().__init__()
        self.books = Books()
        self.example = transaction.atomic()
        self.example.__enter__()

    @invariant()
    def balances_equal_the_model(self) -> None:
        real, told = real_accounts(), self.books.accounts
        for at in real.keys() | told.keys():
            assert real.get(at, Sums()) == told.get(at, Sums()), at

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)
