"""What mandates and runs may tell listings apart by, besides grade, rate, term and purpose. Made from the disclosed record only.

Nothing protected is here, and nothing that the disclosure table keeps back: a listing said in wider words has the wider code, one that does not say has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from loans import anonymity, words

Words = dict[str, str | Promise]
STEPS = (2_000_000, 5_000_000, 10_000_000, 30_000_000)  # minor units: the upper ends of the bands of amount, the last is open
AMOUNTS: Words = {
    "to_20k": _("up to ¥20,000"),
    "to_50k": _("¥20,000 to ¥50,000"),
    "to_100k": _("¥50,000 to ¥100,000"),
    "to_300k": _("¥100,000 to ¥300,000"),
    "above_300k": _("above ¥300,000"),
}
REGIONS: Words = {**words.GROUPS["region"], "other": words.REGIONS["other"]}
INDUSTRIES: Words = words.INDUSTRIES
VERIFICATIONS: Words = {
    "identity": _("Identity checked, figures as stated"),
    "documents": _("Identity checked, and documents read with the application"),
}


def amount_band(amount: int) -> str:
    """The band a loan's amount is in; an upper end belongs to its band."""
    codes = list(AMOUNTS)
    return codes[sum(amount > step for step in STEPS)]


def largest(bands: Iterable[str]) -> int | None:
    """The largest amount in any of the bands; None where there is no end."""
    ends = dict(zip(AMOUNTS, STEPS, strict=False))
    asked = list(bands) or list(AMOUNTS)
    return max(ends[band] for band in asked) if all(band in ends for band in asked) else None


def of(*, facts: Mapping[str, Mapping[str, Any]], target: int, method: str, verification: str) -> dict[str, str]:
    """A listing's attributes, from the facts it shows."""
    region, industry = (facts.get(name, {}).get("value") for name in ("region", "industry"))
    found = {"amount": amount_band(target), "method": method, "verification": verification}
    found |= {"region": anonymity.REGIONS.get(region, region)} if region else {}
    return found | ({"industry": industry} if industry else {})


def industries_wanted(chosen: Iterable[str]) -> set[str]:
    """The chosen industries, and the wider words under which every one of them was chosen: what is not said precisely fits only who wants all of it."""
    wanted = set(chosen)
    wider = set(anonymity.INDUSTRIES.values()) - set(anonymity.INDUSTRIES)
    return wanted | {group for group in wider if {code for code, of_group in anonymity.INDUSTRIES.items() if of_group == group} <= wanted}
