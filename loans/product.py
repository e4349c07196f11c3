"""The product: what may be asked for, and what it costs. One place for every figure that is a choice and not a law."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loans.models import Application


@dataclass(frozen=True)
class Product:
    """Amounts in minor units; rates a year as fractions. `unit` is the smallest pledge; amounts are multiples of it."""

    code: str
    currency: str
    amount_min: int
    amount_max: int
    terms: tuple[int, ...]
    unit: int
    origination_fee_rate: Decimal
    servicing_fee_rate: Decimal
    target_yield: Decimal
    lgd: Decimal
    lgd_guaranteed: Decimal  # when a co-borrower is bound too: a second person to collect from. Both are assumptions until losses were measured
    penalty_share: Decimal  # of the contract rate, on top of it, while late; held under the cap
    grace_days: int
    offer_days: int
    funding_days: int
    default_after_days: int = 90
    offer_reminder_days: int = 2
    # When a borrower cannot pay. Under its mandate the operator gives time and late charges away, never principal or interest: arrears grow while a
    # thousand holders are asked. Whatever costs the holders interest, or takes longer than the mandate, is put to their vote, weighted by share.
    moratorium_months_max: int = 3
    extension_months_max: int = 12  # past the end the contract was signed with, all plans together
    plan_days: int = 7
    vote_days: int = 7
    vote_quorum: Decimal = Decimal("0.5")
    cooling_days: int = 14  # no late charges and no days late after a request; once in so many days:
    cooling_every_days: int = 180
    mandate_share: Decimal = Decimal("0.5")  # of a listing, for mandates, while its shares hold
    # When a payment is missing.
    talk_after_days: int = 30
    last_notice_after_days: int = 60
    promise_days_max: int = 14
    recovery_cost_share_max: Decimal = Decimal("0.30")  # of what came in


STANDARD = Product(
    code="standard-2026-11",
    currency="CNY",
    amount_min=500_000,
    amount_max=200_000_000,
    terms=(6, 9, 12, 18, 24, 36),
    unit=10_000,
    origination_fee_rate=Decimal("0.008"),
    servicing_fee_rate=Decimal("0.006"),
    target_yield=Decimal("0.05"),
    lgd=Decimal("0.60"),
    lgd_guaranteed=Decimal("0.50"),
    penalty_share=Decimal("0.5"),
    grace_days=3,
    offer_days=7,
    funding_days=14,
)


# Share of what is outstanding that is expected to be lost, by bucket of days late: the operator's own estimate, for its own books.
PROVISIONS: dict[str, Decimal] = {
    "current": Decimal("0.01"),
    "1-30": Decimal("0.05"),
    "31-60": Decimal("0.20"),
    "61-90": Decimal("0.45"),
    "90+": Decimal("0.60"),
}


def priced_for(application: Application) -> Product:
    """The terms an application is priced by: with a co-borrower who joined, less is lost when it goes bad."""
    bound = application.obligors.filter(role="co_borrower", state__in=["joined", "signed"]).exists()
    return replace(STANDARD, lgd=STANDARD.lgd_guaranteed) if bound else STANDARD


def origination_fee(product: Product, principal: int) -> int:
    """The fee for one loan, rounded down to the minor unit in the borrower's favor."""
    return int(principal * product.origination_fee_rate)


def penalty_rate(product: Product, *, annual_rate: Decimal, apr: Decimal, cap: Decimal) -> Decimal:
    """Extra yearly rate on what is overdue. With it a loan still costs no more than the cap (late charges count: art. 29 of the 2020 interpretation)."""
    return max(min(annual_rate * product.penalty_share, cap - apr), Decimal(0)).quantize(Decimal("0.000001"))
