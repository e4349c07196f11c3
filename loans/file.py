"""The borrower's file: opening it for a party, ending that, and asking which files are open to a user."""

from __future__ import annotations

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


LACKING = """
    SELECT FROM ({wanted}) AS wanted (loan_id, party_id, consent_id) JOIN loans_loan loan ON loan.id = wanted.loan_id
      JOIN accounts_membership acting ON acting.party_id = wanted.party_id AND acting.ended_at IS NULL
     WHERE NOT EXISTS (SELECT FROM loans_disclosuregrant had WHERE had.user_id = acting.user_id AND had.content_object_id = loan.file_id
                          AND had.relation = %(relation)s AND had.party_id = wanted.party_id AND had.consent_id = wanted.consent_id AND had.ended_at IS NULL
                          AND (had.expires_at IS NULL OR had.expires_at > %(now)s))"""
"""Rows where somebody has no grant yet: without one, STALE and GRANT find nothing to do, for there is one live grant of a kind on a file."""


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


_USER = -7_000_001
"""Stands for the reader, in the statement that is made once."""
NEAR = 4
"""So many times more grants than a page shows are looked at, at the most: several may open one file, and one that opens nothing now is rare."""
BODY = """WITH loans_disclosuregrant AS (
    SELECT user_id, content_object_id, party_id, relation, consent_id, expires_at, ended_at FROM loans_disclosuregrant
     WHERE user_id = $1 AND content_object_id > $2 AND ended_at IS NULL ORDER BY content_object_id FETCH FIRST $4 ROWS WITH TIES)
    SELECT content_object_id, max(content_object__reference)::varchar, (ARRAY[{relations}])[1 + max(strength)]::varchar FROM ({live}) live
     GROUP BY content_object_id ORDER BY content_object_id LIMIT $3"""
"""One walk along the reader's own index: as long for a holder of ten thousand as for one of ten, and over as soon as the page is full."""


def page(user: User, *, after: int = 0, limit: int = 50) -> list[tuple[int, str, str]]:
    """(id, reference, strongest relation) of the files open to `user` at this moment, in order, behind `after`."""
    found: list[tuple[int, str, str]] = []
    with connection.cursor() as cursor:
        while len(found) < limit:
            cursor.execute("SELECT * FROM loans_open_files(%s, %s, %s, %s)", [user.pk, after, limit - len(found), limit * NEAR])
            found += cursor.fetchall()
            if len(found) < limit:
                near = DisclosureGrant.history.filter(user=user, ended_at=None, content_object__gt=after).order_by("content_object_id")
                last = near.values_list("content_object_id", flat=True)[limit * NEAR - 1 : limit * NEAR].first()
                if last is None:
                    break
                after = last
    return found


def function_body() -> str:
    """The page of open files as the text of the database's function `loans_open_files(user, after, most, near)`: to plan this statement takes several
    times as long as to run it, and a function's plan is kept for the connection. A test holds the two together: the rules stand in LiveGrants alone,
    which reads here from the reader's own next grants in place of the table."""
    strength = Case(*(When(relation=relation, then=Value(at)) for at, relation in enumerate(RELATIONS)))
    live = DisclosureGrant.objects.filter(user=_USER).annotate(strength=strength)
    sql, params = live.values_list("content_object_id", "content_object__reference", "strength").query.sql_with_params()
    written = ("$1" if value == _USER else str(value) if isinstance(value, int) else f"'{value}'" for value in params)
    return BODY.format(relations=", ".join(f"'{relation}'" for relation in RELATIONS), live=sql.replace("%s", "{}").format(*written))


def relation_of(user: User, file: BorrowerFile) -> str | None:
    """The strongest relation in which `file` is open to `user`, or None."""
    held = set(DisclosureGrant.objects.filter(user=user, content_object=file).values_list("relation", flat=True))
    return next((relation for relation in reversed(RELATIONS) if relation in held), None)
