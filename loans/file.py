"""The borrower's file: opening it for a party, ending that, and asking which files are open to a user."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import Case, QuerySet, Value, When

from accounts.models import Party, User
from accounts.models import live as live_memberships
from loans.models import BorrowerFile, DisclosureGrant
from privacy.models import Consent

RELATIONS = ("investor", "pledger", "holder", "claimant")
PURPOSES = {"investor": "listing_disclosure", "pledger": "listing_disclosure", "holder": "listing_disclosure", "claimant": "legal_hold"}


class UnableToGrant(Exception):
    """The file has no yes to rest a grant on."""


def grant(*, file: BorrowerFile, party: Party, relation: str, consent: Consent, now: datetime, expires_at: datetime | None = None) -> int:
    """Open `file` to every live member of `party` as `relation`. Repeating it changes nothing; what no longer opened anything is ended and made anew.

    Returns how many grants are new.
    """
    if consent.subject_id != file.subject_id or consent.decision != Consent.Decision.GIVEN:
        raise UnableToGrant("The consent belongs to somebody else, or is none.")
    permission = Permission.objects.get(content_type__app_label="loans", codename=f"disclose_{relation}")
    users = User.objects.filter(live_memberships(now, prefix="memberships__"), memberships__party=party).distinct()
    live = DisclosureGrant.objects.filter(content_object=file, relation=relation)
    DisclosureGrant.history.filter(content_object=file, relation=relation, user__in=users, ended_at=None).exclude(pk__in=live).update(ended_at=now)
    rows = [
        DisclosureGrant(
            user=user,
            permission=permission,
            content_object=file,
            party=party,
            relation=relation,
            purpose=PURPOSES[relation],
            consent=consent,
            granted_at=now,
            expires_at=expires_at,
        )
        for user in users.exclude(disclosuregrant__in=live)
    ]
    DisclosureGrant.history.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def end_grants(*, file: BorrowerFile, now: datetime, party: Party | None = None, relation: str | None = None) -> int:
    """End live grants on `file`, narrowed by party and relation. The rows stay as history."""
    rows = DisclosureGrant.history.filter(content_object=file, ended_at=None)
    if party is not None:
        rows = rows.filter(party=party)
    if relation is not None:
        rows = rows.filter(relation=relation)
    return rows.update(ended_at=now)


GRANT = """
    INSERT INTO loans_disclosuregrant (user_id, permission_id, content_object_id, party_id, relation, purpose, consent_id, granted_at)
    SELECT acting.user_id, permission.id, loan.file_id, wanted.party_id, %(relation)s, %(purpose)s, wanted.consent_id, %(now)s
      FROM ({wanted}) AS wanted (loan_id, party_id, consent_id) JOIN loans_loan loan ON loan.id = wanted.loan_id
      JOIN loans_borrowerfile file ON file.id = loan.file_id
      JOIN privacy_consent consent ON consent.id = wanted.consent_id AND consent.subject_id = file.subject_id
      JOIN accounts_membership acting ON acting.party_id = wanted.party_id AND acting.ended_at IS NULL
      JOIN auth_permission permission ON permission.codename = %(codename)s
      JOIN django_content_type of ON of.id = permission.content_type_id AND of.app_label = 'loans'
     WHERE NOT EXISTS (SELECT FROM loans_disclosuregrant had WHERE had.user_id = acting.user_id AND had.content_object_id = loan.file_id
                          AND had.relation = %(relation)s AND had.party_id = wanted.party_id AND had.consent_id = wanted.consent_id AND had.ended_at IS NULL)
    ON CONFLICT DO NOTHING"""


STALE = """
    UPDATE loans_disclosuregrant had SET ended_at = %(now)s
      FROM ({wanted}) AS wanted (loan_id, party_id, consent_id) JOIN loans_loan loan ON loan.id = wanted.loan_id
      JOIN accounts_membership acting ON acting.party_id = wanted.party_id AND acting.ended_at IS NULL
     WHERE had.user_id = acting.user_id AND had.content_object_id = loan.file_id AND had.relation = %(relation)s AND had.ended_at IS NULL
       AND (had.consent_id <> wanted.consent_id OR had.expires_at <= %(now)s OR NOT EXISTS (
            SELECT FROM accounts_membership left_ WHERE left_.user_id = had.user_id AND left_.party_id = had.party_id AND left_.ended_at IS NULL))"""
"""What no longer opens anything, or rests on an earlier answer, makes room for what does."""


def grant_from(select_sql: str, params: Mapping[str, Any], *, relation: str, now: datetime) -> int:
    """Open the files of many loans in one statement: `select_sql` yields (loan_id, party_id, consent_id). As `grant` otherwise."""
    values: dict[str, Any] = {"codename": f"disclose_{relation}", "relation": relation, "purpose": PURPOSES[relation], "now": now}
    with connection.cursor() as cursor:
        cursor.execute(STALE.format(wanted=select_sql), {**params, **values})
        cursor.execute(GRANT.format(wanted=select_sql), {**params, **values})
        return cursor.rowcount


def end_grants_of(pairs: Iterable[tuple[int, int]], *, relation: str, now: datetime) -> int:
    """End live grants of many (party, file) pairs in one statement."""
    parties, opened = zip(*pairs, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE loans_disclosuregrant g SET ended_at = %s FROM unnest(%s::bigint[], %s::bigint[]) AS gone (party_id, file_id)"
            " WHERE g.party_id = gone.party_id AND g.content_object_id = gone.file_id AND g.relation = %s AND g.ended_at IS NULL",
            [now, list(parties), list(opened), relation],
        )
        return cursor.rowcount


def disclosed_to(user: User) -> QuerySet[BorrowerFile]:
    """Files open to `user` at this moment, in any relation."""
    return BorrowerFile.objects.filter(pk__in=DisclosureGrant.objects.filter(user=user).values("content_object"))


_USER, _AFTER, _LIMIT, _NEAR = -7_000_001, -7_000_002, 7_000_003, 7_000_004
"""Stand for what a page is asked with, in the statements that are made once."""
SPARE = 10
"""So many more files than a page shows are looked at: a grant that opens nothing at this moment is rare."""


def _near() -> QuerySet[Any]:
    """The next files with a grant that was not ended, in order: read off an index, and as many for a holder of ten thousand as for one of ten."""
    rows = DisclosureGrant.history.filter(user=_USER, ended_at=None, content_object__gt=_AFTER)
    return rows.order_by("content_object_id").values("content_object_id").distinct()[:_NEAR]


@functools.cache
def _statements() -> dict[str, tuple[str, tuple[Any, ...]]]:
    """The rules of live grants as SQL. They are written once, in LiveGrants; to spell them out anew for each page takes longer than the database needs."""
    strength = Case(*(When(relation=relation, then=Value(at)) for at, relation in enumerate(RELATIONS)))
    rows = DisclosureGrant.objects.filter(user=_USER, content_object__in=_near()).annotate(strength=strength)
    rows = rows.order_by("content_object_id", "-strength").distinct("content_object_id")
    found = {"open": rows.values_list("content_object_id", "content_object__reference", "relation")[:_LIMIT], "near": _near()}
    return {name: _with_limits(*query.query.sql_with_params()) for name, query in found.items()}


def _with_limits(sql: str, params: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """LIMIT is written into the text; here it becomes one more value, in its place."""
    pieces, values, left = [], [], list(params)
    for piece in re.split(r"(%s|LIMIT 700000[34])", sql):
        pieces.append("LIMIT %s" if piece.startswith("LIMIT 7") else piece)
        values += [left.pop(0)] if piece == "%s" else [int(piece[6:])] if piece.startswith("LIMIT 7") else []
    return "".join(pieces), tuple(values)


def page(user: User, *, after: int = 0, limit: int = 50) -> list[tuple[int, str, str]]:
    """(id, reference, strongest relation) of the files open to `user` at this moment, in order, behind `after`."""
    found: list[tuple[int, str, str]] = []
    with connection.cursor() as cursor:
        while len(found) < limit:
            cursor.execute("SELECT * FROM loans_open_files(%s, %s, %s, %s)", [user.pk, after, limit - len(found), limit + SPARE])
            found += cursor.fetchall()
            if len(found) < limit:
                cursor.execute(*_asked_near(user, after=after, limit=limit))
                near = cursor.fetchall()
                if len(near) < limit + SPARE:
                    break
                after = near[-1][0]
    return found


def _asked_near(user: User, *, after: int, limit: int) -> tuple[str, list[Any]]:
    sql, params = _statements()["near"]
    given = {_USER: user.pk, _AFTER: after, _NEAR: limit + SPARE}
    return sql, [given.get(value, value) for value in params]


def function_body() -> str:
    """The page of open files as the text of the database's function `loans_open_files(user, after, most, near)`: to plan this statement takes several
    times as long as to run it, and a function's plan is kept for the connection. A test holds the two together: the rules stand in LiveGrants alone."""
    sql, params = _statements()["open"]
    places = {_USER: "$1", _AFTER: "$2", _LIMIT: "$3", _NEAR: "$4"}
    written = (places[value] if value in places else str(value) if isinstance(value, int) else f"'{value}'" for value in params)
    return sql.replace("%s", "{}").format(*written)


def relation_of(user: User, file: BorrowerFile) -> str | None:
    """The strongest relation in which `file` is open to `user`, or None."""
    held = set(DisclosureGrant.objects.filter(user=user, content_object=file).values_list("relation", flat=True))
    return next((relation for relation in reversed(RELATIONS) if relation in held), None)
