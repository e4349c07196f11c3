"""The lighter way of migrating builds the same schema as Django's own."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.core.management.commands.migrate import Command as Django
from django.db import connection, connections

from core.management.commands.migrate import Command as Ours

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.soak]
SCHEMA = """
    SELECT 'column', format('%s.%s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0
    UNION ALL SELECT 'constraint', format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
     WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'trigger', pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'function', pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    ORDER BY 1, 2"""


@contextmanager
def database(name: str) -> Iterator[None]:
    """Another database, empty, in place of the test's own."""
    own = connection.settings_dict["NAME"]
    connections.close_all()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}"')
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = own
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def schema(command: Django, *app: str) -> list[tuple[str, str]]:
    with database(f"{connection.settings_dict['NAME']}_migrated"):
        call_command(command, *app, verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute(SCHEMA)
            return [(kind, text) for kind, text in cursor.fetchall()]


def test_both_ways_build_the_same_schema(soak: bool) -> None:
    """Everything in `make soak`; every day what everything stands on."""
    app = () if soak else ("core",)
    ours = schema(Ours(), *app)
    assert {"column", "constraint", "index", "trigger", "function"} >= {kind for kind, _text in ours} >= {"column", "constraint", "index"}
    assert ours == schema(Django(), *app)
