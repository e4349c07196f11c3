"""The wallet by program: money in with the reference, out only with a fresh proof, every movement to be read."""

from typing import Any

import pytest

from payments.models import Payment
from tests import cast
from tests.programs import Program, problem

from .conftest import NOW, Bank


@pytest.fixture
def bob(bank: Bank) -> Any:
    return cast.bob(now=NOW)


def test_money_in_and_every_movement(bank: Bank, bob: Any) -> None:
    program = Program(bob, by_token=True)
    told = program.get("wallet/deposit/").json()
    assert (told["reference"], told["currency"], told["can_simulate"]) == (bob.party.reference, "CNY", True)
    for serial in range(30):
        bank.pay_in(bob, 1000 + serial, key=f"line-{serial}")
    assert program.post("wallet/deposit/", {"amount": "５００"}).status_code == 202
    bank.work()
    assert program.get("wallet/").json() == {"currency": "CNY", "available": 30_935, "reserved": 0, "in_transit": 0, "total": 30_935}
    first = program.get("wallet/statement/").json()
    assert (len(first["results"]), first["results"][0]["amount"], first["results"][0]["balance"]) == (25, 500, 30_935)
    last = program.client.get(first["next"]).json()
    assert (len(last["results"]), last["results"][-1]["balance"], last["next"]) == (6, 1000, None)
    carol = Program(cast.carol(now=NOW))
    problem(carol.client.get(first["next"]), 400, "bad_cursor")


def test_money_leaves_only_after_a_fresh_proof_in_a_session(bank: Bank, bob: Any) -> None:
    bank.pay_in(bob, 1000_00)
    account = bank.account(bob)
    body = {"amount": 400_00, "account": account.reference}
    for program in (Program(bob, by_token=True), Program(bob)):
        refused = problem(program.post("wallet/withdrawals/", body), 403, "reauthentication_required")
        assert refused["page"] == "/accounts/reauthenticate/"
    program = Program(bob).proven()
    (row,) = program.get("wallet/bank-accounts/").json()["results"]
    assert (row["reference"], row["state"], row["last4"]) == (account.reference, "verified", account.last4)
    first, again = (program.post("wallet/withdrawals/", body, key="withdraw-once") for _ in range(2))
    assert (first.status_code, first.content) == (201, again.content)
    bank.work()
    done = program.client.get(first["Location"]).json()
    assert (done["state"], done["amount"], done["bank_account"]) == ("settled", 400_00, account.reference)
    assert [event["state"] for event in done["events"]] == ["created", "sent", "settled"]
    assert Payment.objects.filter(direction="out").count() == 1


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"amount": 100_000_01}, "amount", "max_value"),
        ({"account": "BA-00000000"}, "account", "invalid_choice"),
        ({"account": 7}, "account", "invalid"),
        ({"by": 1}, "by", "unknown"),
    ],
)
def test_a_wrong_withdrawal_names_the_field_and_moves_nothing(bank: Bank, bob: Any, body: dict[str, Any], field: str, code: str) -> None:
    bank.pay_in(bob, 1000_00)
    wanted = {"amount": 100, "account": bank.account(bob).reference} | body
    answer = Program(bob).proven().post("wallet/withdrawals/", wanted)
    assert [(error["field"], error["code"]) for error in problem(answer, 422, "invalid")["errors"]] == [(field, code)]
    assert not Payment.objects.filter(direction="out").exists()


def test_nobody_reads_or_uses_what_is_somebody_elses(bank: Bank, bob: Any) -> None:
    payment = bank.pay_in(bob, 1000_00)
    account = bank.account(bob)
    carol = cast.carol(now=NOW)
    bank.pay_in(carol, 1000_00, key="hers")
    program = Program(carol).proven()
    problem(program.get(f"wallet/payments/{payment.reference}/"), 404, "not_found")
    problem(program.post("wallet/withdrawals/", {"amount": 100, "account": account.reference}), 422, "invalid")
    assert program.get("wallet/bank-accounts/").json()["results"] == []
