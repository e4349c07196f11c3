"""Rails money travels on: one interface, one module per rail."""

from __future__ import annotations

from .base import Rail

DEFAULT = "sandbox"  # the rail of a new bank account


class UnknownRail(Exception):
    """No rail has this name in this installation."""

    code = "unknown_rail"


def get(name: str) -> Rail:
    """The rail of that name. Raises UnknownRail."""
    from . import sandbox

    if name == sandbox.NAME and sandbox.is_open():
        return sandbox.SandboxRail()
    raise UnknownRail(name)


def names() -> list[str]:
    """The rails of this installation."""
    from . import sandbox

    return [sandbox.NAME] if sandbox.is_open() else []


def ledger_owner(name: str) -> str:
    """Whose accounts hold this rail's money in the books."""
    return f"rail:{name}"
