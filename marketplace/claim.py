"""What a share is worth as a claim on a day: its part of everything the borrower owes, interest earned and late charges included, after the fee."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from loans import repayment
from loans.models import Participation


@dataclass(frozen=True)
class Claim:
    """Minor units; interest and charges rounded down."""

    principal: int
    interest: int
    charges: int

    @property
    def total(self) -> int:
        return self.principal + self.interest + self.charges


def of(holding: Participation, amount: int, *, as_of: date) -> Claim:
    """The claim of `amount` of a holding on `as_of`: the principal its register says is owed, and its part of what else the borrower owes."""
    loan = holding.loan
    owed = repayment.quote_settlement(loan, as_of=as_of)
    kept = 1 - loan.servicing_fee_rate / loan.annual_rate if loan.annual_rate else Decimal(1)
    return Claim(
        principal=amount - holding.received_principal * amount // holding.amount,
        interest=int(Decimal(owed.interest) * amount / loan.principal * kept),
        charges=(owed.fees + owed.penalties) * amount // loan.principal,
    )


def price(claim: Claim, factor: Decimal) -> int:
    """The whole claim times the factor, to the minor unit."""
    return int((claim.total * factor).to_integral_value(rounding=ROUND_HALF_UP))
