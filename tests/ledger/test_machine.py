"""Random work against a plain model: every balance after every step. `SOAK=1` runs twelve times as many steps."""

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from ledger import checks, operations
from ledger.chart import CHART, AccountCode
from tests.ledger.books import DAY, At, BooksMachine, Refused

OWNERS = {"party": ["party:1", "party:2", "party:3"], "listing": ["listing:1"], "loan": ["loan:1"], "rail": ["rail:sandbox"], "platform": ["platform"]}
PLACES: list[At] = [(code, owner) for code in AccountCode for owner in OWNERS[CHART[code].owner]]
CASH: list[At] = [(AccountCode.CLIENT_CASH, owner) for owner in OWNERS["party"]]
BANK: At = (AccountCode.BANK, "rail:sandbox")
places = st.sampled_from(PLACES) | st.sampled_from(CASH)
amounts = st.integers(min_value=1, max_value=60)
numbers = st.integers(min_value=0, max_value=40)
"""Keys come from a small pool, so that replays and contradictions are common."""


class LedgerMachine(BooksMachine):
    """All doors of the ledger; the model says what each must do or refuse."""

    steps = 0

    def both(self, real: Callable[[], object], told: Callable[[], object]) -> None:
        """Do it in both worlds: both do it, or both refuse for the same reason."""
        try:
            told()
            expected = None
        except Refused as refusal:
            expected = str(refusal)
        try:
            real()
            answered = None
        except operations.LedgerRefusal as refusal:
            answered = refusal.code
        assert answered == expected

    def new(self, verb: str, number: int, debit: At, credit: At, amount: int) -> None:
        key = f"{verb}:{number}"
        fields = {"currency": "CNY", "kind": "test", "reference": "T", "booked_on": DAY}
        self.both(
            lambda: getattr(operations, verb)(debit=debit, credit=credit, amount=amount, key=key, **fields),
            lambda: getattr(self.books, verb)(key, debit, credit, amount),
        )

    @rule(number=numbers, to=st.sampled_from(CASH), amount=st.integers(min_value=50, max_value=500))
    def deposit(self, number: int, to: At, amount: int) -> None:
        self.new("post", number, BANK, to, amount)

    @rule(number=numbers, debit=places, credit=places, amount=amounts)
    def post(self, number: int, debit: At, credit: At, amount: int) -> None:
        if debit != credit:
            self.new("post", number, debit, credit, amount)

    @rule(number=numbers, debit=places, credit=places, amount=amounts)
    def reserve(self, number: int, debit: At, credit: At, amount: int) -> None:
        if debit != credit:
            self.new("reserve", number, debit, credit, amount)

    @rule(data=st.data(), number=numbers, amount=st.none() | amounts)
    def settle(self, data: st.DataObject, number: int, amount: int | None) -> None:
        pending_key = data.draw(st.sampled_from([*self.books.held_keys(), "reserve:none"]))
        key = f"settle:{number}"
        self.both(
            lambda: operations.settle(pending_key=pending_key, key=key, amount=amount, booked_on=DAY), lambda: self.books.settle(key, pending_key, amount)
        )

    @rule(data=st.data(), number=numbers)
    def void(self, data: st.DataObject, number: int) -> None:
        pending_key = data.draw(st.sampled_from([*self.books.held_keys(), "reserve:none"]))
        key = f"void:{number}"
        self.both(lambda: operations.void(pending_key=pending_key, key=key, booked_on=DAY), lambda: self.books.void(key, pending_key))

    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from([*self.books.facts, "post:none"]))
        self.both(lambda: operations.reverse(key=key, booked_on=DAY), lambda: self.books.reverse(key))

    @rule(data=st.data(), number=numbers)
    def share_out(self, data: st.DataObject, number: int) -> None:
        """Many in one statement: every party's available cash is halved into the loan's clearing account, all or none."""
        keys = [f"share:{number}:{owner.replace(':', '-')}" for _code, owner in CASH]
        amount = data.draw(amounts)
        clearing = (AccountCode.LOAN_CLEARING, "loan:1")

        def told() -> None:
            before = {**self.books.accounts}, {**self.books.facts}
            try:
                for key, at in zip(keys, CASH, strict=True):
                    self.books.post(key, at, clearing, amount)
            except Refused:
                self.books.accounts.clear()
                self.books.accounts.update(before[0])
                self.books.facts = before[1]
                raise

        source = """SELECT key, 'client_cash' AS debit_code, owner AS debit_owner, 'loan_clearing' AS credit_code, 'loan:1' AS credit_owner, 'CNY' AS currency,
            %s::bigint AS amount, 'test' AS kind, 'T' AS reference, %s::date AS booked_on FROM unnest(%s::text[], %s::text[]) AS u (key, owner)"""
        self.both(lambda: operations.post_from(source, (amount, DAY, keys, OWNERS["party"])), told)

    @invariant()
    def nothing_unresolved_is_lost(self) -> None:
        LedgerMachine.steps += 1
        sums = self.books.accounts.values()
        assert sum(row.debits_pending for row in sums) == sum(
            fact.amount for fact in self.books.facts.values() if fact.phase == "pending" and not fact.resolved
        )

    def teardown(self) -> None:
        try:
            assert checks.check_books().is_clean
        finally:
            super().teardown()


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)  # so that each example is a transaction: within one, the server keeps and reads every row that was ever undone
def test_random_work_leaves_every_balance_as_the_model_says(record_property: Callable[[str, object], None]) -> None:
    LedgerMachine.steps = 0
    examples = 205 * (12 if os.environ.get("SOAK") else 1)
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=50,
            deadline=None,
            derandomize=not os.environ.get("SOAK"),
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        ),
    )
    record_property("steps of the ledger machine", LedgerMachine.steps)
    assert LedgerMachine.steps >= 9_000, "with the thousand of the market's machine: ten thousand in every run"
