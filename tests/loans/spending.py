"""A party's money leaves for somewhere: the one test helper that posts to the ledger by itself."""

from accounts.models import Party
from ledger import operations
from ledger.chart import AccountCode
from tests.loans import book


def spend(party: Party, amount: int, *, key: str) -> None:
    operations.post(
        debit=(AccountCode.CLIENT_CASH, party.ledger_owner),
        credit=(AccountCode.CLIENT_CASH, "party:elsewhere"),
        currency="CNY",
        amount=amount,
        key=key,
        kind="test",
        reference="",
        booked_on=book.START,
    )


def fund_platform(amount: int, *, key: str, code: AccountCode = AccountCode.OPERATOR_FUNDS) -> None:
    """The operator brings own money, or has earned some."""
    operations.post(
        debit=(AccountCode.BANK, "rail:sandbox"),
        credit=(code, "platform"),
        currency="CNY",
        amount=amount,
        key=key,
        kind="test",
        reference="",
        booked_on=book.START,
    )
