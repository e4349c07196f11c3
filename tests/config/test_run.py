"""`manage.py run` for real: it serves, it ends with everything it started, and two checkouts know nothing of each other."""

import os
import signal
import socket
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.config.site import Desk, Site, alive, own_checkout, running, until

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc"),
]
EMPTY = {"SAMPLE_MARKET": "0"}  # most of what is shown here needs no market, and building one keeps a machine busy
SLOW_TASK = """

@shared_task(name="tests.slow", ignore_result=True)
def slow(marker: str) -> None:
    import pathlib, time
    if not pathlib.Path(marker).exists():  # else it comes again, after the site that began it has ended
        pathlib.Path(marker).touch()
        time.sleep(600)
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with own_checkout(tmp_path_factory.mktemp("one")) as path:
        yield path


@pytest.fixture(scope="module")
def desk(checkout: Path) -> Iterator[Desk]:
    made = Desk(Site(checkout, **EMPTY))
    yield made
    made.close()


def gone(site: Site, tree: set[int], desk: Desk) -> None:
    until(lambda: not any(alive(pid) for pid in tree), "every process of the site ends")
    assert site.status() == 0
    until(lambda: "not running" in desk("status"), "the folder is free again")


def test_it_serves_and_beside_it_another_that_shares_nothing(checkout: Path, desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> None:
    for compiled in [*(checkout / "locale").rglob("*.mo"), *checkout.rglob("*.pyc")]:
        compiled.unlink()  # as in a fresh clone
    with running(checkout, **EMPTY) as site:
        it_serves_pages_static_files_and_readiness(site, desk)
        a_second_start_says_where_the_first_is(site)
        with own_checkout(tmp_path_factory.mktemp("two")) as other, running(other, **EMPTY) as second:
            they_share_nothing(site, desk, second)
            tree = site.tree()
            assert "Stopped" in site.manage("stop").stdout
            gone(site, tree, desk)
            assert second.status("/readyz") == 200


def it_serves_pages_static_files_and_readiness(site: Site, desk: Desk) -> None:
    assert site.status("/healthz") == 200
    with urllib.request.urlopen(site.url + "/", timeout=30) as page:
        assert "借款是您的事" in page.read().decode(), "Chinese from the first page of the first start"
    assert site.status("/readyz") == 200
    assert site.status("/static/admin/css/base.css") == 200
    assert site.url in desk("status")
    assert desk.code == 0


def a_second_start_says_where_the_first_is(site: Site) -> None:
    second = site.manage("run", "--port", "0")
    assert second.returncode == 1
    assert "Already running in this folder" in second.stderr
    assert site.url in second.stderr
    assert "Traceback" not in second.stderr
    assert site.status() == 200


def test_a_busy_port_is_named(checkout: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = str(busy.getsockname()[1])
        refused = Site(checkout).manage("run", "--port", port)
    assert refused.returncode == 1
    assert f"Port {port}" in refused.stderr
    assert "PORT=" in refused.stderr


def test_children_that_fall_are_started_again_and_kill_9_of_the_parent_leaves_nothing(checkout: Path, desk: Desk) -> None:
    with running(checkout, **EMPTY) as site:
        children_that_fall_are_started_again(site)
        tree = site.tree()
        assert len(tree) >= 8, "parent, web and its workers, worker and its pool, beat, PostgreSQL, Valkey"
        os.kill(site.pid, signal.SIGKILL)
        site.process.wait()
        gone(site, tree, desk)
    killing_make_ends_all(checkout, desk, signal.SIGKILL, **EMPTY)  # what was committed is there, and nothing stands in the way


def killing_make_ends_all(checkout: Path, desk: Desk, how: signal.Signals, **environment: str) -> None:
    with running(checkout, by_make=True, **environment) as site:
        assert ("Sample sign-ins" in site.output.read_text()) == (environment != EMPTY), "where a market is asked for, its people are on the banner"
        assert site.status("/readyz") == 200
        tree = site.tree()
        os.kill(site.pid, how)
        site.process.wait()
        gone(site, tree, desk)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGHUP])  # SIGTERM ends all the other sites here
def test_it_ends_soon_even_while_jobs_run(checkout: Path, desk: Desk, how: signal.Signals) -> None:
    tasks = checkout / "core" / "tasks.py"
    if "tests.slow" not in tasks.read_text():
        tasks.write_text(tasks.read_text() + SLOW_TASK)
    with running(checkout, **EMPTY) as site:
        markers = [checkout / f"busy-{how}-{number}" for number in range(4)]
        names = [str(marker) for marker in markers]
        desk("shell", "-c", f"from celery import current_app; [current_app.send_task('tests.slow', [name]) for name in {names}]")
        until(lambda: sum(marker.exists() for marker in markers) >= 2, "both workers are busy")
        tree = site.tree()
        os.kill(site.pid, how)
        until(lambda: site.process.poll() is not None, "the parent ends", seconds=10)
        assert site.process.returncode == 0
        gone(site, tree, desk)
    for marker in markers:
        marker.touch()


def test_ending_make_ends_all_while_a_market_is_being_built(checkout: Path, desk: Desk) -> None:
    killing_make_ends_all(checkout, desk, signal.SIGTERM)


def children_that_fall_are_started_again(site: Site) -> None:
    children = {pid for pid in site.tree() if b"manage.py" in Path(f"/proc/{pid}/cmdline").read_bytes()} - {site.pid}
    for pid in children:
        if alive(pid):
            os.kill(pid, signal.SIGKILL)
    until(lambda: site.status() == 200, "pages again")
    until(lambda: not children & site.tree(), "the fallen are gone")


def they_share_nothing(first: Site, desk: Desk, second: Site) -> None:
    count = "from core.models import Holiday; print('holidays', Holiday.objects.filter(calendar='XX').count())"
    desk("shell", "-c", "from core.models import Holiday; Holiday.objects.create(calendar='XX', day='2026-01-01')")
    assert first.url != second.url
    assert first.status() == second.status() == 200
    assert "holidays 0" in second.manage("shell", "-c", count).stdout
