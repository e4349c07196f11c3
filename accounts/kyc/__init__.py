"""Providers that say whether an identity document is real and belongs to that name: one module each."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.utils.module_loading import import_string

from .base import Provider

# By their short name; any other is the dotted path of its class.
PROVIDERS = {"sandbox": "accounts.kyc.sandbox.Sandbox"}


class NoProvider(Exception):
    """Nobody may say here whether a document is real: none is named, or only the sandbox, and this is no sandbox."""

    code = "no_identity_provider"


def current() -> str:
    """The name of the provider new checks go to. Raises NoProvider."""
    _require_real(settings.IDENTITY_PROVIDER)
    return settings.IDENTITY_PROVIDER


def get(name: str) -> Provider:
    """The provider of that name. Raises NoProvider for the sandbox outside of one, ImportError for one that is not there."""
    _require_real(name)
    provider: Provider = import_string(PROVIDERS.get(name, name))()
    return provider


def _require_real(name: str) -> None:
    if not settings.SIGNED_PACKS_SANDBOX and name in ("", "sandbox"):
        raise NoProvider


@checks.register(checks.Tags.security, deploy=True)
def somebody_checks_identities(app_configs: Any, **kwargs: Any) -> list:
    """A real market has a real provider; until then nobody is verified."""
    try:
        current()
    except NoProvider:
        return [checks.Error("IDENTITY_PROVIDER names no real provider, and SANDBOX is off: nobody can be verified.", id="accounts.E020")]
    return []
