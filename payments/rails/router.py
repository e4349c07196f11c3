"""Sends the sandbox bank's own tables to the sandbox bank's own connection, so that what the bank did outlives our rollbacks."""

from __future__ import annotations

from typing import Any

from django.conf import settings


def bank_alias() -> str:
    """The connection the sandbox bank writes on. Tests that live inside one transaction set SANDBOX_BANK_ALIAS to "default"."""
    return str(getattr(settings, "SANDBOX_BANK_ALIAS", "sandbox_bank"))


class SandboxBankRouter:
    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return bank_alias() if getattr(model, "kept_by_sandbox_bank", False) else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == "default"
