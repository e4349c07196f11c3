"""In which order the files of tests are run.

A worker of `make test` takes a file whole, so that what its tests share is made once. Those that take longest begin first, so that both
workers end together and nobody waits for one long story. A file that is not named here comes after them, wherever it stands.
"""

from tests.counts import SOAK

LONGEST = (
    "tests/config/test_api_fuzz.py",
    "tests/journeys/test_first_loan.py",
    "tests/config/test_run.py",
    "tests/config/test_matrix.py",
    "tests/marketplace/test_storm.py",
    "tests/marketplace/test_machine.py",
    "tests/loans/test_after_no_journey.py",
    "tests/ledger/test_machine.py",
    "tests/loans/test_day_killed.py",
    "tests/journeys/test_people.py",
    "tests/marketplace/test_notices.py",
    "tests/config/test_canary.py",
    "tests/marketplace/test_sale.py",
    "tests/journeys/test_trouble.py",
    "tests/config/test_architecture.py",
    "tests/config/test_look.py",
    "tests/loans/test_worker_killed.py",
    "tests/config/test_settings.py",
    "tests/config/test_servers.py",
    "tests/journeys/test_mandate.py",
    "tests/privacy/test_circle_journey.py",
    "tests/marketplace/test_run.py",
    "tests/marketplace/test_search.py",
    "tests/notifications/test_look.py",
)
LONGEST_IN_A_SOAK = (
    "tests/loans/test_day_killed.py",
    "tests/credit/test_pricing.py",
    "tests/marketplace/test_race.py",
    "tests/loans/test_day.py",
    "tests/loans/test_distribution.py",
)
_places = {path: place for place, path in enumerate(dict.fromkeys((*LONGEST_IN_A_SOAK, *LONGEST) if SOAK else LONGEST))}


def place(test: str) -> int:
    """The place of a test, by its name as pytest writes it."""
    return _places.get(test.partition("::")[0], len(_places))
