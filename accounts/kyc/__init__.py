"""Providers that say whether an identity document is real and belongs to that name: one module each."""

from django.conf import settings
from django.utils.module_loading import import_string

from .base import Provider

PROVIDERS = {"sandbox": "accounts.kyc.sandbox.Sandbox"}


def current() -> str:
    """The name of the provider new checks go to."""
    return settings.IDENTITY_PROVIDER


def get(name: str) -> Provider:
    """The provider of that name. Raises KeyError for one this installation does not have."""
    provider: Provider = import_string(PROVIDERS[name])()
    return provider
