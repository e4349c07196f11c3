"""Statements the server plans once a connection instead of each time: for the few short paths where planning costs more than the work.

A pooler in front of the database that gives every transaction another session must know prepared statements (PgBouncer 1.21 does);
PREPARED_STATEMENTS=0 goes without.
"""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection


def fetch_one(statement: str, params: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Execute on this thread's connection and return the first row, if there is one. Errors are Django's, as from its own cursor."""
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    session: psycopg.Connection[Any] = connection.connection
    if settings.PREPARED_STATEMENTS and session.prepare_threshold is None:
        session.prepare_threshold = 0
    with connection.wrap_database_errors, psycopg.Cursor(session) as cursor:
        cursor.execute(statement.encode(), params, prepare=settings.PREPARED_STATEMENTS)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row
