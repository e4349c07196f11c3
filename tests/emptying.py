"""What a transactional test leaves behind is emptied by the tables it wrote to, not by all two hundred.

Django's `flush` truncates every table and then makes permissions, content types and holidays anew, over half a second each time. Those
are the same before and after nearly every test: they stay where they are the same, and Django's own way is taken where they are not.
"""

from collections.abc import Callable

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import TransactionTestCase
from psycopg import sql

from core.models import CalendarYear, Holiday

KEPT = tuple(model._meta.db_table for model in (ContentType, Permission, Holiday, CalendarYear))


def quickly(flush: Callable[[TransactionTestCase], None]) -> Callable[[TransactionTestCase], None]:
    """The end of a transactional test, with `flush` for those that touched what stays."""
    known: list[tuple[str, ...]] = []

    def emptied(test: TransactionTestCase) -> None:
        if connection.alias not in test._databases_names(include_mirrors=False):  # type: ignore[attr-defined]
            return
        if known and known[0] == _kept():
            _empty(_written())
        else:
            flush(test)
            known[:] = [_kept()]

    return emptied


def _kept() -> tuple[str, ...]:
    """The content of what stays, in short."""
    digest = "(SELECT md5(string_agg(t::text, ';' ORDER BY t::text)) FROM {} t)"
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(digest.format(connection.ops.quote_name(table)) for table in KEPT))
        return tuple(cursor.fetchone())


def _written() -> list[str]:
    """The tables of ours with a row in them."""
    tables = sorted(set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - set(KEPT))
    asked = [sql.SQL("SELECT {} WHERE EXISTS (SELECT 1 FROM {})").format(sql.Literal(table), sql.Identifier(table)) for table in tables]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(" UNION ALL ").join(asked))
        return [table for (table,) in cursor.fetchall()]


def _empty(tables: list[str]) -> None:
    """A table that stays refers to none of them, so CASCADE reaches only tables that are empty already."""
    if tables:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(map(sql.Identifier, tables))))
