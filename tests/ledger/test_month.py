"""One month of a small loan, told to the last cent: Alice borrows 1,000.00 from Bob (600) and Carol (400), and repays early."""

from datetime import date

import pytest

from ledger import operations, queries
from ledger.chart import AccountCode, Section
from ledger.checks import check_books
from tests.ledger.conftest import ALICE, BANK, BOB, CAROL, Till, cash

pytestmark = pytest.mark.django_db
ESCROW = (AccountCode.LISTING_ESCROW, "listing:1")
OUT = (AccountCode.TRANSIT_OUT, "rail:sandbox")
CLEARING = (AccountCode.LOAN_CLEARING, "loan:1")


def test_a_month_of_money(till: Till) -> None:
    # 1 March: Bob and Carol bring money.
    till.deposit(BOB, 1_000_00)
    till.deposit(CAROL, 400_00)
    # 2 March: they pledge; the money is held, and still theirs.
    pledge(till, BOB, 600_00)
    pledge(till, CAROL, 400_00)
    assert queries.balance(code=AccountCode.CLIENT_CASH, owner=BOB, currency="CNY") == queries.Balance(posted=1_000_00, pending_out=600_00)
    assert till.available(CAROL) == 0
    with pytest.raises(operations.InsufficientFunds):
        pledge(till, CAROL, 1)
    # 3 March: filled. The pledges settle into the escrow, in one statement.
    assert (
        operations.settle_from(
            "SELECT 'fill:' || k AS key, 'pledge:' || k AS pending_key, NULL::bigint AS amount, DATE '2026-03-03' AS booked_on FROM unnest(%s::text[]) k",
            ([f"{BOB}:60000", f"{CAROL}:40000"],),
        )
        == 2
    )
    assert queries.balance(code=AccountCode.LISTING_ESCROW, owner="listing:1", currency="CNY").posted == 1_000_00
    # 4 March: 20.00 origination fee, the rest on its way to Alice's bank; the bank confirms.
    till.post(debit=ESCROW, credit=(AccountCode.ORIGINATION_FEES, "platform"), amount=20_00)
    till.post(debit=ESCROW, credit=OUT, amount=980_00, key="disburse:1")
    assert queries.sections(currency="CNY")[Section.TRANSIT] == 980_00
    till.post(debit=OUT, credit=BANK, amount=980_00, key="disburse:1:paid")
    # 31 March: Alice pays 1,010.05 into her wallet, repays, and the holders share 1,010.00 as 606.00 and 404.00; 0.05 was too much.
    till.deposit(ALICE, 1_010_05)
    till.post(debit=cash(ALICE), credit=CLEARING, amount=1_010_05, key="repay:1")
    till.post(debit=CLEARING, credit=(AccountCode.BORROWER_OVERPAID, "loan:1"), amount=5)
    shares = "SELECT 'share:' || o AS key, 'loan_clearing' AS debit_code, 'loan:1' AS debit_owner, 'client_cash' AS credit_code, o AS credit_owner,\
        'CNY' AS currency, a AS amount, 'repayment' AS kind, 'LN-1' AS reference, DATE '2026-03-31' AS booked_on FROM unnest(%s::text[], %s::bigint[]) u (o, a)"
    operations.post_from(shares, ([BOB, CAROL], [606_00, 404_00]))

    wallets = queries.balances(code=AccountCode.CLIENT_CASH, owners=[ALICE, BOB, CAROL], currency="CNY")
    assert {owner: balance.available for owner, balance in wallets.items()} == {ALICE: 0, BOB: 1_006_00, CAROL: 404_00}
    assert queries.balance(code=AccountCode.LOAN_CLEARING, owner="loan:1", currency="CNY").posted == 0
    assert queries.sections(currency="CNY") == {Section.MONEY: 1_430_05, Section.CLIENTS: 1_410_05, Section.TRANSIT: 0, Section.OPERATOR: 20_00}
    report = check_books(as_of=date(2026, 3, 31))
    assert report.is_clean
    assert not report.findings
    assert report.currencies[0].holds


def pledge(till: Till, owner: str, amount: int) -> None:
    operations.reserve(
        debit=cash(owner),
        credit=ESCROW,
        currency="CNY",
        amount=amount,
        key=f"pledge:{owner}:{amount}",
        kind="pledge",
        reference="LS-1",
        booked_on=date(2026, 3, 2),
    )
