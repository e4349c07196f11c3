"""What every test stands on."""

from django.conf import settings


def pytest_configure() -> None:
    """Signing somebody in must not cost a quarter of a second in each test."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]

