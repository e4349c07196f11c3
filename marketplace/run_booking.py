"""A solved run becomes pledges, in one transaction of a few statements: what has changed since its input was fixed is looked at again first.

Earlier fills that the run may move are released, new ones held. What no longer has room, cash or leave is cut, in an order drawn by the seed, and the
run says how much of it and why: `listing` (gone, full or smaller by now), `mandate` (stopped by now, or its investor locked), `own` (an own loan by
now), `suits` (more than the investor may put in by now), `cash` (no longer there).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F, QuerySet

from core import business_day, outbox, references, states
from loans import file as files
from marketplace import consent, postings, run_gather
from marketplace import run_store as store
from marketplace.matching.terms import draw
from marketplace.models import Listing, MandateTerms, MatchRun, Pledge, RunPart
from marketplace.suitability import check as suitability

STAGE = """
    DROP TABLE IF EXISTS pg_temp.run_fill;
    CREATE TEMP TABLE run_fill (mandate_id bigint, party_id bigint, user_id bigint, listing_id bigint, asked bigint, amount bigint, keep_cash bigint,
        reference text, seen_at timestamptz, place int, why text NOT NULL DEFAULT '') ON COMMIT DROP"""
COLUMNS = "mandate_id, party_id, user_id, listing_id, asked, amount, keep_cash, reference, seen_at, place"
# A pair that holds the same already is left as it is.
KEEP = """
    WITH old AS (SELECT party_id, listing_id, sum(amount) AS amount FROM marketplace_pledge WHERE id = ANY(%(movable)s) GROUP BY 1, 2),
    same AS (SELECT party_id, listing_id FROM old JOIN (SELECT party_id, listing_id, sum(asked) AS amount FROM run_fill GROUP BY 1, 2) fresh
                                              USING (party_id, listing_id, amount)),
    kept AS (UPDATE run_fill f SET amount = 0, why = 'kept' FROM same WHERE f.party_id = same.party_id AND f.listing_id = same.listing_id)
    SELECT p.id FROM marketplace_pledge p WHERE p.id = ANY(%(movable)s) AND NOT EXISTS (
        SELECT FROM same WHERE same.party_id = p.party_id AND same.listing_id = p.listing_id)"""
GIVE_BACK = """
    UPDATE marketplace_listing l SET funded = l.funded - p.amount
      FROM (SELECT listing_id, sum(amount) AS amount FROM marketplace_pledge WHERE id = ANY(%(going)s) GROUP BY 1) p WHERE l.id = p.listing_id"""
CUT = {
    "mandate": """
        UPDATE run_fill f SET amount = 0, why = 'mandate' WHERE amount > 0 AND NOT EXISTS (
            SELECT FROM marketplace_mandate m JOIN accounts_party p ON p.id = m.party_id JOIN privacy_datasubject s ON s.id = p.subject_id
             WHERE m.id = f.mandate_id AND m.state = 'running' AND p.invests AND p.verified_at IS NOT NULL AND s.restricted_at IS NULL)""",
    "own": """
        UPDATE run_fill f SET amount = 0, why = 'own' FROM unnest(%(parties)s::bigint[], %(listings)s::bigint[]) AS own (party_id, listing_id)
         WHERE amount > 0 AND f.party_id = own.party_id AND f.listing_id = own.listing_id""",
    "listing": """
        UPDATE run_fill f SET amount = c.amount, why = CASE WHEN c.amount < f.amount THEN 'listing' ELSE why END FROM (
            SELECT r.ctid AS at, greatest(least(r.amount, coalesce(room.open, 0) - (
                       sum(r.amount) OVER (PARTITION BY r.listing_id ORDER BY r.place) - r.amount)), 0) AS amount
              FROM run_fill r LEFT JOIN unnest(%(listings)s::bigint[], %(open)s::bigint[]) AS room (listing_id, open) USING (listing_id) WHERE r.amount > 0) c
         WHERE f.ctid = c.at AND c.amount < f.amount""",
    "suits": """
        UPDATE run_fill f SET amount = c.amount / %(unit)s * %(unit)s, why = 'suits' FROM (
            SELECT r.ctid AS at, greatest(least(r.amount, bound.room - (sum(r.amount) OVER (PARTITION BY r.party_id ORDER BY r.place) - r.amount)), 0) AS amount
              FROM run_fill r JOIN unnest(%(parties)s::bigint[], %(rooms)s::bigint[]) AS bound (party_id, room) USING (party_id) WHERE r.amount > 0) c
         WHERE f.ctid = c.at AND c.amount < f.amount""",
    "cash": """
        UPDATE run_fill f SET amount = c.amount / %(unit)s * %(unit)s, why = 'cash' FROM (
            SELECT r.ctid AS at, greatest(least(r.amount, cash.available - r.keep_cash - (
                       sum(r.amount) OVER (PARTITION BY r.party_id ORDER BY r.keep_cash DESC, r.place) - r.amount)), 0) AS amount
              FROM run_fill r JOIN unnest(%(parties)s::bigint[], %(available)s::bigint[]) AS cash (party_id, available) USING (party_id) WHERE r.amount > 0) c
         WHERE f.ctid = c.at AND c.amount < f.amount""",
}
PLACE = """
    WITH placed AS (
        INSERT INTO marketplace_pledge (reference, listing_id, party_id, user_id, amount, hold_key, state, risk_acknowledged_at, pledged_at, cancel_until,
                                        run_id, mandate_id)
        SELECT f.reference, f.listing_id, f.party_id, f.user_id, f.amount, 'run:' || %(run)s || ':' || f.mandate_id || ':' || f.listing_id, 'reserved',
               f.seen_at, %(now)s, l.closes_at, %(run)s, f.mandate_id
          FROM run_fill f JOIN marketplace_listing l ON l.id = f.listing_id WHERE f.amount > 0 ORDER BY f.place RETURNING listing_id, party_id, amount),
    of_listing AS (SELECT listing_id, sum(amount) AS amount FROM placed GROUP BY 1),
    listings AS (UPDATE marketplace_listing l SET funded = l.funded + o.amount FROM of_listing o WHERE l.id = o.listing_id),
    parts AS (UPDATE marketplace_runpart t SET placed = t.placed + o.amount FROM (SELECT party_id, sum(amount) AS amount FROM placed GROUP BY 1) o
               WHERE t.run_id = %(run)s AND t.party_id = o.party_id)
    SELECT coalesce(sum(amount), 0) FROM placed"""
GRANTED = """
    SELECT DISTINCT l.loan_id, f.party_id, answer.consent_id FROM run_fill f JOIN marketplace_listing l ON l.id = f.listing_id
      JOIN unnest(%(listings)s::bigint[], %(consents)s::bigint[]) AS answer (listing_id, consent_id) ON answer.listing_id = f.listing_id WHERE f.amount > 0"""


@transaction.atomic
def book(run: MatchRun, *, now: datetime) -> None:
    """Hold what the run placed. Repeating it does nothing: the state decides, under the row's lock."""
    locked = MatchRun.objects.select_for_update().get(pk=run.pk)
    if locked.state == "solved":
        _Booking(locked, now=now).do()
        states.move(locked, "booked", now=now, placed=_placed(locked), dropped=_dropped())
        outbox.enqueue("run.booked", key=f"run:{locked.pk}:booked", payload={"run": locked.pk})
    run.refresh_from_db()


def _placed(run: MatchRun) -> int:
    """All that stands by this run: new holds, and earlier ones it left where they were."""
    return int(_value("SELECT coalesce(sum(CASE WHEN why = 'kept' THEN asked ELSE amount END), 0) FROM run_fill"))


def _dropped() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT why, sum(asked - amount)::bigint FROM run_fill WHERE why NOT IN ('', 'kept') GROUP BY 1 ORDER BY 1")
        return dict(cursor.fetchall())


def _value(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


class _Booking:
    """The steps, over one staging table."""

    def __init__(self, run: MatchRun, *, now: datetime) -> None:
        self.run, self.now, self.as_of = run, now, business_day.current()
        self.unit = run.public["unit_minor"]
        self.listing_ids = dict(Listing.objects.filter(reference__in=list(run.public["listings"])).values_list("reference", "pk"))

    def do(self) -> None:
        self._stage()
        suitability.lock(self._bounded())
        standing = self._lock()
        self._release([pk for pk in standing if standing[pk][0] > 0])
        self._cut(standing)
        self._hold()
        self._open_files(standing)
        Listing.objects.filter(pk__in=standing).update(mandate_reserve=0)
        self._tell_full()

    def _stage(self) -> None:
        staged = list(self._rows())  # read to the end first: a connection that copies answers no other question
        with connection.cursor() as cursor:
            cursor.execute(STAGE)
            with cursor.copy(f"COPY run_fill ({COLUMNS}) FROM STDIN") as rows:
                for row in staged:
                    rows.write_row(row)
            cursor.execute("ANALYZE run_fill")

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        """With the run's names taken off again, in an order drawn by the seed."""
        kept, seed = store.open_input(self.run), self.run.seed
        keep_cash = {row["id"]: row.get("keep_cash_minor", 0) for row in kept["mandates"]}
        named = {name: (part.party_id, *version) for part in self.run.parts.all() for name, version in part.mandates.items()}
        terms = {(row.mandate_id, row.number): row for row in MandateTerms.objects.filter(mandate__in={one for _party, one, _number in named.values()})}
        fills = sorted(store.open_result(self.run)["fills"], key=lambda fill: draw(seed, "booking", fill[0], fill[1]))
        for place, (name, listing, units) in enumerate(fills):
            if name in named:  # a party erased meanwhile has no name any more
                party, mandate, number = named[name]
                version, amount = terms[mandate, number], units * self.unit
                yield (
                    *(mandate, party, version.made_by_id, self.listing_ids[listing], amount, amount, keep_cash[name]),
                    *(references.make(Pledge.REFERENCE_PREFIX), version.risk_acknowledged_at, place),
                )

    def _bounded(self) -> QuerySet[RunPart, int]:
        """Parties whose pledges are counted: held before anything else is, like those of a pledge by hand."""
        return self.run.parts.filter(party__funding_profile__in=suitability.tested()).values_list("party_id", flat=True)

    def _lock(self) -> dict[int, tuple[int, int]]:
        """(open amount, the borrower's consent) of each listing of the run that still stands, its row locked, in the order of ids."""
        rows = Listing.objects.filter(pk__in=self.listing_ids.values())
        list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
        standing = rows.filter(state="open", opens_at__lte=self.now, closes_at__gt=self.now, funded__lt=F("target"))
        answers = consent.answers(standing, now=self.now)
        return {pk: (target - funded, answers[pk]) for pk, target, funded in standing.values_list("pk", "target", "funded") if pk in answers}

    def _release(self, standing: list[int]) -> None:
        """Fills of earlier runs in these listings go back, unless this run places the same again. Their holders are in this run."""
        movable = list(self._movable(standing).values_list("pk", flat=True))
        if not movable:
            return
        with connection.cursor() as cursor:
            cursor.execute(KEEP, {"movable": movable})
            leaving = [pk for (pk,) in cursor.fetchall()]
        if not leaving:
            return
        going = Pledge.objects.filter(pk__in=leaving)
        postings.release_pledges(going, as_of=self.as_of)
        with connection.cursor() as cursor:
            cursor.execute(GIVE_BACK, {"going": leaving})
        pairs = list(going.values_list("party_id", "listing__loan__file_id"))
        with states.because(why="moved_by_a_run", now=self.now):
            going.update(state="released", ended_at=self.now)
        files.end_grants_of(pairs, relation="pledger", now=self.now)

    def _movable(self, standing: list[int]) -> QuerySet[Pledge]:
        before = Pledge.objects.filter(listing_id__in=standing, run__isnull=False, state="reserved", mandate__state="running")
        return before.filter(pledged_at__lte=self.run.frozen_at, party__in=self.run.parts.values("party")).exclude(run=self.run)

    def _cut(self, standing: dict[int, tuple[int, int]]) -> None:
        self._run_cut("mandate")
        parties = list(self.run.parts.values_list("party_id", flat=True))
        own = self._own(parties, list(standing))
        self._run_cut("own", parties=[party for party, _listing in own], listings=[listing for _party, listing in own])
        room = run_gather.room_for_mandates(list(standing), now=self.now)
        self._run_cut("listing", listings=list(room), open=list(room.values()))
        bounds = suitability.bounds(self._placing(), currency=self.run.currency, now=self.now)
        rooms = {party: one.room for party, one in bounds.items() if one.room is not None}
        self._run_cut("suits", parties=list(rooms), rooms=list(rooms.values()), unit=self.unit)
        cash = postings.cash_locked(self._placing(), currency=self.run.currency)
        self._run_cut("cash", parties=list(cash), available=list(cash.values()), unit=self.unit)

    def _placing(self) -> list[int]:
        """Parties that still place something."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT party_id FROM run_fill WHERE amount > 0")
            return [party for (party,) in cursor.fetchall()]

    def _own(self, parties: list[int], standing: list[int]) -> list[tuple[int, int]]:
        found = run_gather.own_loans(parties, list(run_gather.rows_of(Listing.objects.filter(pk__in=standing))))
        return [(party, self.listing_ids[reference]) for party, references_ in found.items() for reference in references_]

    def _run_cut(self, name: str, **params: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(CUT[name], params)

    def _hold(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(PLACE, {"run": self.run.pk, "now": self.now})
        suitability.let_reflect(Pledge.objects.filter(run=self.run), now=self.now)
        postings.hold_run(self.run, as_of=self.as_of)

    def _open_files(self, standing: dict[int, tuple[int, int]]) -> None:
        """Pledgers see what pledgers see."""
        params = {"listings": list(standing), "consents": [answer for _open, answer in standing.values()]}
        files.grant_from(GRANTED, params, relation="pledger", now=self.now)

    def _tell_full(self) -> None:
        full = Listing.objects.filter(pk__in=self.listing_ids.values(), state="open", funded=F("target")).values_list("pk", flat=True)
        outbox.enqueue_many("listing.full", [(f"listing:{pk}:full:run:{self.run.pk}", {"listing": pk}, None) for pk in full])
