"""How many cases a test that counts takes: few in `make test`, many in `make soak`."""

import os

SOAK = bool(os.environ.get("SOAK"))


def cases(everyday: int, *, soak: int) -> int:
    """The count of today's run."""
    return soak if SOAK else everyday
