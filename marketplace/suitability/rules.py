"""May this investor put in so much? Pure: a pack and the facts in, the first thing that stands against it out. No database, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from marketplace.suitability.pack import Pack


@dataclass(frozen=True)
class Standing:
    """What is known of an investor: the last check and, where the pack asks for it, what they are worth. Minor units."""

    checked_at: datetime | None = None
    first_checked_at: datetime | None = None
    right_share: Decimal = Decimal(0)
    passed: bool = False
    acknowledged: bool = False
    net_worth: int = 0


@dataclass(frozen=True)
class Wish:
    """So much more, at work already, put in during the last twelve months. `confirmed`: the large amount was expressly agreed to."""

    amount: int
    at_work: int = 0
    put_in_12m: int = 0
    currency: str = "CNY"
    confirmed: bool = False


def refusal(pack: Pack, standing: Standing, wish: Wish, *, now: datetime) -> str:
    """The code of the first thing against it; empty when there is none."""
    return qualified(pack, standing, now=now) or _amount(pack, standing, wish)


def qualified(pack: Pack, standing: Standing, *, now: datetime) -> str:
    """Whether they may invest at all, whatever the amount."""
    if not pack.test:
        return ""
    if standing.checked_at is None or standing.first_checked_at is None:
        return "check_needed"
    if pack.review_days is not None and now >= standing.checked_at + timedelta(days=pack.review_days):
        return "check_expired"
    if pack.must_pass and not standing.passed:
        return "not_appropriate"
    if not standing.acknowledged:
        return "warning_needed"
    if now < standing.first_checked_at + timedelta(hours=pack.first_wait_hours):
        return "first_wait"
    return ""


def _amount(pack: Pack, standing: Standing, wish: Wish) -> str:
    most = room(pack, standing, at_work=wish.at_work, put_in_12m=wish.put_in_12m)
    if most is not None and wish.amount > most:
        return "over_limit"
    line = warn_above(pack, standing, currency=wish.currency)
    return "confirm_amount" if line is not None and wish.amount > line and not wish.confirmed else ""


def room(pack: Pack, standing: Standing, *, at_work: int, put_in_12m: int) -> int | None:
    """How much more may be put in now; None when the pack sets no bound."""
    bounds = []
    if pack.cap_share_12m is not None:
        bounds.append(_part(standing.net_worth, pack.cap_share_12m) - put_in_12m)
    if pack.limits:
        reached = [limit.share for limit in pack.limits if standing.right_share >= limit.from_share]
        bounds.append(_part(standing.net_worth, max(reached, default=Decimal(0))) - at_work)
    return max(min(bounds), 0) if bounds else None


def warn_above(pack: Pack, standing: Standing, *, currency: str) -> int | None:
    """Above this a single amount has to be agreed to expressly. The fixed amount counts in its own currency only, which can but lower the line."""
    if pack.warn_share is None:
        return None
    return max((pack.warn_fixed or {}).get(currency, 0), _part(standing.net_worth, pack.warn_share))


def bearable(pack: Pack, net_worth: int) -> int:
    """The loss the simulation takes as one that can be borne."""
    return _part(net_worth, pack.bearable_share)


def net_worth(*, income: int, assets: int, commitments: int) -> int:
    """A year's income and what can be turned into money, less what is owed within a year; never below nothing."""
    return max(income + assets - commitments, 0)


def may_retake(pack: Pack, failures: Sequence[datetime], *, now: datetime) -> datetime | None:
    """When the test may be taken again, if not now. `failures`: since the last pass."""
    if pack.retake_after is None or len(failures) < pack.retake_after:
        return None
    again = max(failures) + timedelta(hours=pack.retake_wait_hours)
    return again if again > now else None


def _part(whole: int, share: Decimal) -> int:
    return int(whole * share)
