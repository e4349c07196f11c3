"""Sources outside that know something about a borrower: a credit bureau, a bank. One module for each provider; each asked only with its own consent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import checks
from django.utils.module_loading import import_string

from credit.sources.base import NoProvider, Provider

SANDBOX = "credit.sources.sandbox."


@dataclass(frozen=True)
class Source:
    """`purpose`: the consent it needs. `gives`: the facts it may tell, and nothing else. `field`: where its report is kept."""

    code: str
    purpose: str
    gives: tuple[str, ...]
    field: str


SOURCES: Mapping[str, Source] = {
    "bureau": Source("bureau", "credit_source", ("debt_monthly", "debt_total", "debt_other_platforms", "overdue_count_6m"), "bureau_report"),
    "bank": Source("bank", "bank_source", ("income_monthly",), "bank_report"),
}


def provider(source: str) -> Provider:
    """Whom this installation asks. Raises base.NoProvider where nobody real is named."""
    found: Provider = import_string(_named(source))()
    return found


def _named(source: str) -> str:
    """The path of the provider; outside of a sandbox a simulated one is none: what it answers is told of no real person."""
    path: str = settings.CREDIT_SOURCES[source]
    if not path or (path.startswith(SANDBOX) and not settings.SIGNED_PACKS_SANDBOX):
        raise NoProvider(source)
    return path


@checks.register(checks.Tags.security, deploy=True)
def sources_are_real(app_configs: Any, **kwargs: Any) -> list:
    """Each source of a real market is somebody real."""
    found = []
    for source in SOURCES:
        try:
            _named(source)
        except NoProvider:
            found.append(checks.Error(f"CREDIT_{source.upper()} names no real provider, and SANDBOX is off: this source answers nothing.", id="credit.E020"))
    return found
