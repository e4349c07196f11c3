"""What every test stands on: servers of the test session's own when none were named, and a real browser when there is one."""

import gc
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pgtrigger
import pytest
from django.conf import settings
from django.test import TransactionTestCase
from django.utils.translation.reloader import translation_file_changed
from pgtrigger import registry

from config import translations
from core.embedded import Claim, Services, UnableToStart
from core.embedded.postgres import UNSAFE_BUT_FAST
from tests import order, worlds
from tests.counts import SOAK
from tests.emptying import quickly

_claim = Claim()
_services: Services | None = None
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER_FLAGS = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-default-apps")
NO_BROWSER = "no Chromium found: set CHROMIUM to its path, or install the package `chromium`"


def pytest_configure(config: pytest.Config) -> None:
    """The session starts the servers once; xdist's workers find them through the same folder. Django touches no database before this."""
    global _services
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # the programs that tests start need not compile all of ours each time
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    shutil.rmtree(settings.KEY_ROOT, ignore_errors=True)  # halves of keys of people of earlier sessions
    if translations.compile_if_stale():  # not in the repository; what loading the apps has read of an older one is forgotten
        translation_file_changed(None, translations.po_path().with_suffix(".mo"))
    if SOAK:  # thousands of examples that are undone leave rows by the million, and every look at their tables would pass over them
        UNSAFE_BUT_FAST["autovacuum"] = "on"
    services = Services(postgres=settings.EMBEDDED_POSTGRES, valkey=settings.EMBEDDED_VALKEY, durable=False)
    try:
        if settings.EMBEDDED_POSTGRES or settings.EMBEDDED_VALKEY:
            _claim.take()
        _services = services.start()
    except UnableToStart as error:
        pytest.exit(f"The tests' own servers cannot start: {error}", returncode=4)


def pytest_unconfigure(config: pytest.Config) -> None:
    if _services is not None and not hasattr(config, "workerinput"):
        _services.stop()
        _claim.drop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever drives a browser is marked, whoever wrote it. Files that take long begin first."""
    for item in items:
        if {"browser", "page"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: order.place(item.nodeid))


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is imported by now stays to the end: looking through it for garbage again and again is a tenth of the suite's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Figures that tests measured and do not judge (`record_property`), and the one loud line about a missing browser."""
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties if report.when == "call" else ():
            terminalreporter.write_line(f"measured: {name}: {value}")
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if NO_BROWSER in str(report.longrepr)]
    if skipped:
        terminalreporter.write_line(f"!!! {len(skipped)} BROWSER TESTS DID NOT RUN: {NO_BROWSER} !!!", red=True, bold=True)


def chromium() -> str | None:
    """Where the browser is: CHROMIUM, or one of the usual names."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if os.access(named, os.X_OK) else None
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


@pytest.fixture(autouse=True, scope="session")
def books_may_be_emptied_between_tests() -> Iterator[None]:
    """Tables that refuse TRUNCATE refuse the flush after a transactional test too; there, and only there, they let it pass."""
    flush, quick = TransactionTestCase._fixture_teardown, quickly(TransactionTestCase._fixture_teardown)
    uris = [uri for uri, (_, trigger) in registry._registry.items() if pgtrigger.Truncate in trigger.operation]

    def emptied(test: TransactionTestCase) -> None:
        with pgtrigger.ignore(*uris):
            quick(test)

    TransactionTestCase._fixture_teardown = emptied
    yield
    TransactionTestCase._fixture_teardown = flush


@pytest.fixture(autouse=True)
def sandbox_bank_connection(request: pytest.FixtureRequest) -> None:
    """The sandbox bank writes on the test's own connection, unless the test asks for the bank's: django_db(transaction=True, databases=[…, "sandbox_bank"])."""
    marker = request.node.get_closest_marker("django_db")
    own = marker is not None and "sandbox_bank" in (marker.kwargs.get("databases") or ())
    settings.SANDBOX_BANK_ALIAS = "sandbox_bank" if own else "default"


@pytest.fixture(scope="session")
def ground(django_db_setup: None, django_db_blocker: Any) -> Iterator[worlds.Ground]:
    """Where worlds stand; at the end nothing is left on it."""
    yield worlds.GROUND
    with django_db_blocker.unblock():
        worlds.GROUND.stand([])


@pytest.fixture(autouse=True)
def no_stream_has_ended() -> None:
    """What a test that commits has sealed is gone from the database after it, and so is where its streams ended."""
    from privacy import heads

    heads._path().unlink(missing_ok=True)


@pytest.fixture(autouse=True, scope="module")
def nothing_stands(django_db_blocker: Any) -> None:
    """A file begins on bare ground: its own module's fixtures are made before its first test says what it stands upon."""
    if worlds.GROUND.is_built_on:
        with django_db_blocker.unblock():
            worlds.GROUND.stand([])


@pytest.fixture
def worlds_stand(request: pytest.FixtureRequest, sandbox_bank_connection: None, ground: worlds.Ground, django_db_blocker: Any) -> None:
    """What the test begins with (tests/worlds.py); nothing, for most."""
    with django_db_blocker.unblock():
        ground.stand(worlds.under(request.node))


@pytest.fixture
def _django_db_helper(worlds_stand: None, _django_db_helper: None) -> None:
    """pytest-django's transaction around each test begins upon the worlds that stand."""


@pytest.fixture(scope="session")
def soak() -> bool:
    """True in `make soak`: tests that count take their full counts then."""
    return SOAK


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A real Chromium. Missing: a failure on the build machine, a skip with one loud line elsewhere."""
    path = chromium()
    if path is None:
        if os.environ.get("CI", "").lower() in ("1", "true", "yes"):
            pytest.fail(NO_BROWSER, pytrace=False)
        pytest.skip(NO_BROWSER)
    from playwright.sync_api import sync_playwright

    flags = [*BROWSER_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=flags)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A fresh page with nothing remembered from another test."""
    context = browser.new_context()
    yield context.new_page()
    context.close()
