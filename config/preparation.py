"""What must be true before the site serves: tables, the cache table, compiled catalogs, the sample cast. Each step is quick when nothing is to do."""

import gc
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.db import connection
from django.utils.translation.reloader import translation_file_changed

from config import translations
from config.health import pending_migrations

_LOCK = 0x78696E7169616F  # one number for every process of every machine on this database


@contextmanager
def _alone() -> Iterator[None]:
    """Only one process prepares a database at a time; the lock ends with its connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Migrating builds every model hundreds of times over; looking for garbage in between takes a quarter of the time and finds little."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()


def prepare_database(*, verbosity: int = 0) -> None:
    """Migrate and make the cache table. Asking whether there is anything to do costs a fraction of doing nothing with `migrate`."""
    with _alone(), _uninterrupted():
        if pending_migrations():
            call_command("migrate", interactive=False, verbosity=verbosity)
        if _cache_table() not in connection.introspection.table_names():
            call_command("createcachetable", verbosity=verbosity)
        call_command("publish_notices", verbosity=verbosity)  # nothing is asked of anybody without a published notice


def _cache_table() -> str:
    caches: dict[str, Any] = settings.CACHES
    return caches["default"]["LOCATION"]


def compile_catalogs() -> None:
    """Chinese before the first page. Anything read in this process before there was a catalog is forgotten: its children are forked from it."""
    if translations.compile_if_stale():
        translation_file_changed(None, translations.po_path().with_suffix(".mo"))


def collect_files() -> None:
    """In production the files of the pages are served from one folder, under names that change with what is in them."""
    if not settings.DEBUG:
        call_command("collectstatic", interactive=False, verbosity=0)


def prepare_sample_market() -> list[tuple[str, str]]:
    """The sample cast, with the rest of its market left to jobs. Returns (who, how to sign in) for the banner."""
    if not settings.SAMPLE_MARKET or "sample_market" not in get_commands():
        return []
    with _alone():
        call_command("sample_market", "--cast", verbosity=0, stdout=io.StringIO())
    from config.sample.cast import SIGN_INS  # type: ignore[import-not-found, unused-ignore]

    return [(str(who), str(how)) for who, how in SIGN_INS]
