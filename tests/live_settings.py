"""The settings of real processes that work on a test's own database (tests/live.py)."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

for alias in DATABASES.values():
    alias["NAME"] = os.environ["LIVE_DATABASE"]
