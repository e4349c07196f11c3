"""Sources outside that know something about a borrower: a credit bureau, a bank. One module for each provider; each asked only with its own consent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from credit.sources.base import Provider


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
    """Whom this installation asks."""
    found: Provider = import_string(settings.CREDIT_SOURCES[source])()
    return found
