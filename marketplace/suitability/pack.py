"""The packs as they lie in the folder: read once, checked, each figure with where it is from."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from accounts.models import Party

FOLDER = Path(__file__).parent / "packs"
SANDBOX = "SANDBOX"


@dataclass(frozen=True)
class Limit:
    """Who answered at least `from_share` of the questions rightly may have `share` of their net worth at work."""

    from_share: Decimal
    share: Decimal


@dataclass(frozen=True)
class Pack:
    """One jurisdiction's figures. What is None, False or empty is not asked for. Shares are fractions; amounts minor units by currency."""

    id: str
    version: str
    name: Mapping[str, str]
    sources: tuple[Mapping[str, Any], ...]
    test: bool = False
    must_pass: bool = False
    pass_share: Decimal = Decimal("0.8")
    review_days: int | None = None
    retake_after: int | None = None
    retake_wait_hours: int = 0
    net_worth: bool = False
    bearable_share: Decimal = Decimal("0.10")
    warn_share: Decimal | None = None
    warn_fixed: Mapping[str, int] | None = None
    cap_share_12m: Decimal | None = None
    limits: tuple[Limit, ...] = ()
    first_wait_hours: int = 0
    reflection_days: int = 0

    @property
    def code(self) -> str:
        return f"{self.id}@{self.version}"

    @property
    def caps(self) -> bool:
        """Whether somebody may have only so much at work."""
        return self.cap_share_12m is not None or bool(self.limits)


@functools.cache
def packs() -> Mapping[str, Pack]:
    """The newest of each jurisdiction. Raises ImproperlyConfigured for a figure without a source."""
    return {found.id: found for found in map(_read, sorted(FOLDER.glob("*.json")))}


def _read(path: Path) -> Pack:
    data = json.loads(path.read_text(encoding="utf-8"))
    figures = dict(data["figures"])
    unsourced = set(figures) - {source["figure"] for source in data["sources"]} - {"net_worth", "retake_after"}
    if unsourced:
        raise ImproperlyConfigured(f"{path.name}: no source for {', '.join(sorted(unsourced))}.")
    for name in ("pass_share", "bearable_share", "warn_share", "cap_share_12m"):
        if name in figures:
            figures[name] = Decimal(figures[name])
    if "limits" in figures:
        figures["limits"] = tuple(Limit(Decimal(one["from_share"]), Decimal(one["share"])) for one in figures["limits"])
    return Pack(id=data["id"], version=data["version"], name=data["name"], sources=tuple(data["sources"]), **figures)


def named(profile: str) -> Pack:
    """The pack of a funding profile. Raises ImproperlyConfigured where there is none."""
    code = settings.SUITABILITY_PACK if profile == SANDBOX else profile
    try:
        return packs()[code]
    except KeyError:
        raise ImproperlyConfigured(f"No suitability pack {code!r}; there are {', '.join(sorted(packs()))}.") from None


@checks.register(checks.Tags.security)
def the_pack_of_this_installation_is_there(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    try:
        named(SANDBOX)
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id="marketplace.E020")]
    return []


def of(party: Party) -> Pack:
    return named(party.funding_profile)


def profiles(wanted: str) -> list[str]:
    """The funding profiles that lead to that pack."""
    return [wanted, SANDBOX] if settings.SUITABILITY_PACK == wanted != SANDBOX else [wanted]
