"""What an amount would bring in one listing if everything goes as agreed, and what is expected to be lost: figures before a pledge."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from core.money import InvalidAmount, format_amount, parse_amount
from loans import schedule
from marketplace.models import Listing


@dataclass(frozen=True)
class Outlook:
    """Minor units and yearly fractions. `monthly` is the first installment; `interest` is before the servicing fee and losses."""

    amount: int
    share: Decimal
    monthly: int
    interest: int
    total: int
    net_rate: Decimal


def plan(listing: Listing, amount: int) -> schedule.Schedule:
    return schedule.build(
        schedule.Terms(method=listing.method, principal=amount, annual_rate=listing.annual_rate, periods=listing.term_months)  # type: ignore[arg-type]
    )


def outlook(listing: Listing, amount: int) -> Outlook:
    """The figures of `amount` put into `listing`."""
    made = plan(listing, amount)
    return Outlook(
        amount=amount,
        share=Decimal(amount) / listing.target,
        monthly=made.installments[0].total,
        interest=made.totals.interest,
        total=made.totals.total,
        net_rate=net_rate(listing),
    )


def considered(listing: Listing, typed: str) -> int:
    """The amount somebody has in mind, made possible: whole units, at least the minimum, at most what is open. Unreadable: ten times the minimum."""
    try:
        wanted = parse_amount(typed[:40], currency=listing.currency)
    except InvalidAmount:
        wanted = listing.minimum * 10
    left = listing.target - listing.funded or listing.target
    return max(min(wanted // listing.unit * listing.unit, left), listing.minimum)


def term_loss(listing: Listing) -> Decimal:
    """The expected loss over the whole term, as a fraction of what is put in."""
    return Decimal(listing.disclosed["expected_loss"])


def yearly_loss(listing: Listing) -> Decimal:
    """The expected loss a year on what is still owed: the loss of the term over the years the average yuan is out."""
    made = plan(listing, listing.target)
    owed = listing.target + sum(row.balance_after for row in made.installments[:-1])
    return term_loss(listing) * 12 * listing.target / owed


def net_rate(listing: Listing) -> Decimal:
    """What is left of the rate after the servicing fee and the expected loss."""
    return listing.annual_rate - fee_rate(listing) - yearly_loss(listing)


def fee_rate(listing: Listing) -> Decimal:
    return Decimal(listing.disclosed["servicing_fee_rate"])


def rate_parts(listing: Listing) -> list[dict[str, Any]]:
    """The annual rate split into what a holder may expect, what is expected to be lost, and the fee: the parts of a share bar."""
    return [
        {"label": _("Expected net to you"), "value": max(net_rate(listing), Decimal(0)), "fill": "b1", "shown": _percent(net_rate(listing))},
        {"label": _("Expected loss"), "value": yearly_loss(listing), "fill": "hatch", "shown": _percent(yearly_loss(listing))},
        {"label": _("Servicing fee"), "value": fee_rate(listing), "fill": "b3", "shown": _percent(fee_rate(listing))},
    ]


def _percent(rate: Decimal) -> str:
    return f"{(rate * 100).quantize(Decimal('0.01'))}%"


def cash_flow(listing: Listing, amount: int) -> dict[str, Any]:
    """What `amount` would bring month by month if every installment is paid, before the servicing fee: the chart's shape."""
    made = plan(listing, amount)
    rows = [
        {
            "label": _("Month %(number)s") % {"number": row.number},
            "tick": str(row.number),
            "year": "",
            "values": {"principal": row.principal, "interest": row.interest},
            "past": False,
        }
        for row in made.installments
    ]
    return {
        "id": "cash",
        "title": _("Your cash flow by month"),
        "summary": _("%(back)s back in all if every installment is paid, %(interest)s of it interest, before the servicing fee and losses.")
        % {"back": format_amount(made.totals.total, listing.currency), "interest": format_amount(made.totals.interest, listing.currency)},
        "currency": listing.currency,
        "series": [{"key": "principal", "label": _("Principal"), "fill": "b1"}, {"key": "interest", "label": _("Interest"), "fill": "hatch"}],
        "rows": rows,
    }
