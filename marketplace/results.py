"""What a portfolio has come to, in words and figures: the first line says gained or lost, losses taken at once; rates only after ninety days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Party
from core.money import format_amount
from core.templatetags.money import percent
from marketplace import positions, returns
from marketplace.presenting import BAND_OF
from marketplace.returns import Returns

HAIRCUTS = ("0", "2", "5", "10", "20", "50")
FILLS = {"A": "b1", "B": "b2", "C": "hatch", "D": "dots", "E": "grid"}
WHY = {
    "no_rate": gettext_lazy("no rate fits these payments"),
    "several_rates": gettext_lazy("more than one rate fits these payments"),
    "nothing": gettext_lazy("nothing has been lent yet"),
}


@dataclass(frozen=True)
class Result:
    """The figures as they stand, after what the platform expects to be lost, and after what the reader thinks will be."""

    currency: str
    plain: Returns
    expected: Returns
    cut: Returns | None
    haircut: str
    by_grade: tuple[tuple[str, Returns], ...]
    held: tuple[tuple[str, int], ...]


def of(party: Party, *, currency: str, as_of: date, haircut: str = "") -> Result:
    """The party's result on `as_of`. `haircut` is one of HAIRCUTS, per cent; anything else is none."""
    found = positions.positions(party, currency=currency, as_of=as_of)
    chosen = haircut if haircut in HAIRCUTS else "0"
    return Result(
        currency=currency,
        plain=returns.returns(found, as_of=as_of),
        expected=returns.returns(found, as_of=as_of, with_expected=True),
        cut=returns.returns(found, as_of=as_of, haircut=Decimal(chosen) / 100) if chosen != "0" else None,
        haircut=chosen,
        by_grade=tuple(returns.by_label(found, as_of=as_of).items()),
        held=tuple((position.label, position.outstanding) for position in found),
    )


def first_line(result: Result) -> str:
    """Gained or lost, before anything else."""
    plain = result.plain
    if plain.why == "nothing":
        return _("Nothing has been lent yet, so nothing has been gained or lost.")
    words = {name: _money(getattr(plain, name), result.currency) for name in ("put_in", "came_back", "worth")}
    words["amount"] = _money(abs(plain.profit), result.currency)
    if plain.profit < 0:
        return _("This portfolio has lost %(amount)s so far: of %(put_in)s put in, %(came_back)s came back and %(worth)s still counts.") % words
    if plain.profit == 0:
        return _("This portfolio has neither gained nor lost so far: of %(put_in)s put in, %(came_back)s came back and %(worth)s still counts.") % words
    return _("This portfolio has gained %(amount)s so far: of %(put_in)s put in, %(came_back)s came back and %(worth)s still counts.") % words


def rates(result: Result) -> list[dict[str, str]]:
    """The same two rates for each way of looking at what is still out."""
    views = [
        (_("As things stand"), _("what is overdue or in default counts for nothing"), result.plain),
        (_("After the losses we expect"), _("by the grades of your loans"), result.expected),
    ]
    if result.cut is not None:
        views.append((_("If %(percent)s%% of the rest is lost") % {"percent": result.haircut}, _("your own guess"), result.cut))
    return [
        {"label": label, "note": note, "xirr": _rate(one.xirr, one), "net": _rate(one.net_annualised, one), "profit": _signed(one.profit, result.currency)}
        for label, note, one in views
    ]


def grades(result: Result) -> list[dict[str, str]]:
    """Expected against realised, grade by grade."""
    return [
        {
            "grade": grade,
            "band": BAND_OF.get(grade, ""),
            "put_in": _money(one.put_in, result.currency),
            "expected": _money(one.expected_loss, result.currency),
            "lost": _money(one.written_down, result.currency),
            "profit": _signed(one.profit, result.currency),
            "xirr": _rate(one.xirr, one),
        }
        for grade, one in result.by_grade
    ]


def loans(party: Party, holdings: Sequence[int], *, currency: str, as_of: date) -> dict[int, dict[str, str]]:
    """What each of these holdings has come to: gain or loss, and the rate a year once it is old enough."""
    if not holdings:
        return {}
    found = positions.positions(party, currency=currency, as_of=as_of, holdings=holdings)
    return {
        int(number): {"profit": _signed(one.profit, currency), "xirr": _rate(one.xirr, one)} for number, one in returns.by_label(found, as_of=as_of).items()
    }


def grade_mix(result: Result) -> list[dict[str, Any]]:
    """Principal still owed, by grade: the parts of a share bar."""
    named = [{"label": _("Grade %(grade)s") % {"grade": grade}, "note": BAND_OF.get(grade, ""), "fill": FILLS.get(grade, "b3")} for grade, _left in result.held]
    return [{**part, "value": left} for part, (_grade, left) in zip(named, result.held, strict=True) if left]


def _rate(rate: Decimal | None, of_: Returns) -> str:
    if rate is not None:
        return percent(rate)
    if of_.why == "too_young" and of_.shown_from:
        return _("from %(day)s") % {"day": date_format(of_.shown_from, "SHORT_DATE_FORMAT")}
    return str(WHY.get(of_.why, "–"))


def _money(amount: Decimal | int, currency: str) -> str:
    return format_amount(int(Decimal(amount).to_integral_value()), currency)


def _signed(amount: Decimal, currency: str) -> str:
    """Gain and loss by sign, never by color."""
    return f"+{_money(amount, currency)}" if amount > 0 else _money(amount, currency)
