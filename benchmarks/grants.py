"""A page of 50 files open to somebody, at 100,000 files, 5,000 investors and 1,000,000 grants; retail holders of 160, institutions of 10,000.

The product's page asks every rule of a grant in force (consent, its later answers, stage, membership, holds). Beside it, in the same rounds: a plain SQL
join that asks only whether the grant has ended, and guardian's own listing over its generic tables with the same million rows, whose ids are text there.
"""

from __future__ import annotations

import json
import random
import statistics
from collections.abc import Callable, Iterator
from unittest.mock import patch

from django.contrib.auth.models import Permission
from django.db import connection
from django.utils import timezone
from guardian import shortcuts
from guardian.models import GroupObjectPermission, UserObjectPermission

from accounts.models import User
from benchmarks import crowd, open_loans
from benchmarks.report import Figure
from benchmarks.rounds import Clock, once
from loans import file as files
from loans.models import BorrowerFile
from marketplace import consent
from privacy.models import Consent

FILES, INVESTORS = 100_000, 5_000
HOLDERS = {"retail, 160": (3_750, 160), "institution, 10,000": (40, 10_000)}
VISITS, LIMIT, FIRST = 40, 50, 1_000_001
GRANT = """INSERT INTO loans_disclosuregrant (user_id, permission_id, content_object_id, party_id, relation, purpose, consent_id, granted_at)
    SELECT who.user_id, %(permission)s, {first} + i, who.party_id, 'investor', 'listing_disclosure', 1000000 + (i + 1) * 100 + %(consent)s, %(now)s
      FROM unnest(%(users)s::bigint[], %(parties)s::bigint[]) WITH ORDINALITY AS who (user_id, party_id, n),
           LATERAL (SELECT DISTINCT (who.n * 37 + k * ({files} / %(each)s)) %% {files} AS i FROM generate_series(0, %(each)s - 1) k) picked"""
GENERIC = """INSERT INTO guardian_userobjectpermission (user_id, permission_id, content_type_id, object_pk)
    SELECT g.user_id, g.permission_id, p.content_type_id, g.content_object_id::text FROM loans_disclosuregrant g
      JOIN auth_permission p ON p.id = g.permission_id"""
PLAIN = """SELECT f.id, f.reference, g.relation FROM loans_disclosuregrant g JOIN loans_borrowerfile f ON f.id = g.content_object_id
    WHERE g.user_id = %s AND g.ended_at IS NULL ORDER BY g.content_object_id LIMIT 50"""


def run(clock: Clock) -> Iterator[Figure]:
    crowd.set_the_day()
    listing = crowd.listing(amount=1_000_000)
    open_loans.copies(FILES)
    people = _grants(listing.loan.file, crowd.investors(INVESTORS))
    plans = {}
    for kind, users in people.items():
        yield from _page(kind, users, clock)
        plans[kind] = _plan(users[0])
    yield Figure("plans of the page that differ between holders of 160 and of 10,000", [len(set(plans.values())) - 1], unit="", at_most=0)


def _grants(file: BorrowerFile, members: list[crowd.Member]) -> dict[str, list[User]]:
    permission = Permission.objects.get(content_type__app_label="loans", codename="disclose_investor")
    answer = Consent.objects.get(matter=file.matter, purpose=consent.PURPOSE)
    found, rest = {}, members
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for kind, (count, each) in HOLDERS.items():
            some, rest = rest[:count], rest[count:]
            values = {"permission": permission.pk, "consent": answer.pk, "now": timezone.now(), "each": each}
            values |= {"users": [member.user.pk for member in some], "parties": [member.party.pk for member in some]}
            cursor.execute(GRANT.format(first=FIRST, files=FILES), values)
            found[kind] = [member.user for member in some]
        cursor.execute(GENERIC)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE")
    return found


def _page(kind: str, users: list[User], clock: Clock) -> Iterator[Figure]:
    drawn = random.Random(7).choices(users, k=VISITS)
    for user in drawn[:3]:
        assert [row[0] for row in files.page(user, limit=LIMIT)] == [row[0] for row in _plain(user)] == [file.pk for file in _generic(user)]
    works: dict[str, Callable[[User], object]] = {"page": lambda user: files.page(user, limit=LIMIT), "join": _plain, "guardian": _generic}
    took = once({name: lambda work=work: [work(user) for user in drawn] for name, work in works.items()}, rounds=clock.rounds)  # type: ignore[misc]
    notes: dict[str, float | str] = {f"{name} ms": statistics.median(times) / VISITS * 1000 for name, times in took.items()}
    yield Figure(
        f"page of open files / plain SQL join, {kind}", [one / other for one, other in zip(took["page"], took["join"], strict=True)], at_most=3, notes=notes
    )
    yield Figure(f"guardian's generic tables / page, {kind}", [other / one for one, other in zip(took["page"], took["guardian"], strict=True)], at_least=5)


def _plain(user: User) -> list[tuple[int, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(PLAIN, [user.pk])
        return cursor.fetchall()


def _generic(user: User) -> list[BorrowerFile]:
    with (
        patch.object(shortcuts, "get_user_obj_perms_model", lambda *_: UserObjectPermission),
        patch.object(shortcuts, "get_group_obj_perms_model", lambda *_: GroupObjectPermission),
    ):
        return list(shortcuts.get_objects_for_user(user, "loans.disclose_investor", accept_global_perms=False).order_by("pk").only("pk", "reference")[:LIMIT])


def _plan(user: User) -> str:
    """The shape of the plan the database keeps for the page, without costs and values."""
    with connection.cursor() as cursor:
        cursor.execute("SET plan_cache_mode = force_generic_plan")
        cursor.execute(f"PREPARE page (bigint, bigint, bigint, bigint) AS {files.function_body()}")
        cursor.execute(f"EXPLAIN (FORMAT JSON) EXECUTE page ({user.pk}, 0, {LIMIT}, {LIMIT * files.NEAR})")
        (found,) = cursor.fetchone()[0]
        cursor.execute("DEALLOCATE page")
        cursor.execute("RESET plan_cache_mode")
    return json.dumps(_shape(found["Plan"]))


def _shape(node: dict) -> list:
    return [node["Node Type"], node.get("Relation Name"), node.get("Index Name"), [_shape(each) for each in node.get("Plans", [])]]
