"""One run of the market from reading to booked pledges, 10,000 mandates with 1,000 listings, against the bare writes of the same fills.

The bare side inserts as many pledges and entries with unique keys and foreign keys, and rewrites the balances and listings they touch, in one statement
each: no rule, no history, no hash. Ours gathers, solves, proves, compares other rules, seals two files and books, with grants and state history.
"""

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pgtrigger
from django.db import connection, transaction
from django.utils import timezone

from benchmarks.crowd import investors, listing, set_the_day
from benchmarks.markets import a_market
from benchmarks.report import Figure
from benchmarks.rounds import Clock
from loans import product
from marketplace import run as runs
from marketplace import run_booking
from marketplace.models import Listing, Mandate, MandateTerms, MatchRun, Pledge

MANDATES, LISTINGS = 10_000, 1_000
UNIT = product.STANDARD.unit
BARE = """
    DROP TABLE IF EXISTS bare_hold, bare_pledge, bare_wallet, bare_listing;
    CREATE TABLE bare_listing (id bigint PRIMARY KEY, funded bigint NOT NULL);
    CREATE TABLE bare_wallet (id bigint PRIMARY KEY, held bigint NOT NULL);
    CREATE TABLE bare_pledge (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text UNIQUE, listing bigint REFERENCES bare_listing,
                              party bigint REFERENCES bare_wallet, amount bigint NOT NULL, at timestamptz NOT NULL);
    CREATE TABLE bare_hold (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text UNIQUE, debit bigint REFERENCES bare_wallet,
                            credit bigint REFERENCES bare_listing, amount bigint NOT NULL);
    INSERT INTO bare_listing SELECT DISTINCT listing_id, 0 FROM marketplace_pledge WHERE run_id = %(run)s;
    INSERT INTO bare_wallet SELECT DISTINCT party_id, 0 FROM marketplace_pledge WHERE run_id = %(run)s;
    ANALYZE bare_listing; ANALYZE bare_wallet"""
WRITES = (
    """INSERT INTO bare_pledge (key, listing, party, amount, at)
       SELECT hold_key, listing_id, party_id, amount, now() FROM marketplace_pledge WHERE run_id = %s""",
    "INSERT INTO bare_hold (key, debit, credit, amount) SELECT key, party, listing, amount FROM bare_pledge",
    "UPDATE bare_wallet w SET held = held + p.amount FROM (SELECT party, sum(amount) AS amount FROM bare_pledge GROUP BY 1) p WHERE p.party = w.id",
    "UPDATE bare_listing l SET funded = funded + p.amount FROM (SELECT listing, sum(amount) AS amount FROM bare_pledge GROUP BY 1) p WHERE p.listing = l.id",
)


def prepare() -> None:
    """The synthetic market as rows: wallets and mandates by bulk insert, listings as copies of one that came about by the public operations."""
    set_the_day()
    market = a_market(MANDATES, LISTINGS, 1.0)
    scale = UNIT // market.unit
    members = investors(MANDATES)
    now = timezone.now()
    with pgtrigger.ignore("marketplace.Mandate:legal_moves"):
        made = Mandate.objects.bulk_create(
            [Mandate(party=one.party, rank=1, state="running", created_at=now, running_since=now) for one in members], batch_size=2000
        )
    MandateTerms.objects.bulk_create(
        [
            MandateTerms(
                mandate=mandate,
                number=1,
                grades=sorted(wish.grades or ()),
                min_rate=wish.min_rate,
                terms=sorted(wish.terms or ()),
                purposes=sorted(purpose[-8:] for purpose in wish.purposes or ()),
                per_loan=wish.per_loan * scale,
                limits=[["grade", limit.value, str(limit.share)] for limit in wish.limits],
                keep_cash=1_000_000_000 - wish.cash * scale,
                made_by=one.user,
                made_at=now,
                risk_acknowledged_at=now,
            )
            for mandate, wish, one in zip(made, market.mandates, members, strict=True)
        ],
        batch_size=2000,
    )
    first = listing(amount=4_800_000)
    for row in market.listings:
        copy(first, grade=row.grade, annual_rate=row.annual_rate, term_months=row.term_months, purpose=row.purpose[-8:], target=row.amount * scale)
    Listing.objects.filter(pk=first.pk).update(closes_at=now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def copy(first: Listing, **fields: Any) -> None:
    """Another listing with a loan, file and affair of its own, whose borrower has said yes."""
    loan = first.loan
    offer = loan.agreement.offer
    application, file = offer.application, loan.file
    consent = file.matter.consents.filter(purpose="listing_disclosure").latest("sequence")
    with pgtrigger.ignore():
        matter = _again(file.matter, id=uuid4())
        file = _again(file, matter=matter, row_id=uuid4())
        _again(consent, matter=matter, receipt_id=f"B{uuid4().hex[:18]}")
        application = _again(application, file=file)
        offer = _again(offer, application=application)
        agreement = _again(loan.agreement, offer=offer)
        loan = _again(loan, agreement=agreement, file=file, principal=fields["target"])
        made = _again(first, loan=loan, attributes=first.attributes, mandate_most=None, mandate_reserve=0, shared_until=None, **fields)
    from marketplace import postings

    postings.open_escrow(made)


def _again(row: Any, **changes: Any) -> Any:
    copied = type(row)(**{field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if not field.primary_key})
    if hasattr(copied, "reference") and hasattr(type(row), "REFERENCE_PREFIX"):
        copied.reference = ""
    for name, value in changes.items():
        setattr(copied, name, value)
    copied.save(force_insert=True)
    return copied


def a_run() -> tuple[MatchRun, dict[str, float]]:
    """Announced and taken to its end; seconds of each step."""
    now, spent = timezone.now(), {}
    run = runs.announce(currency="CNY", now=now)
    for name, step in (("read", runs.freeze), ("match", runs.solve), ("reserve and write", run_booking.book)):
        began = time.perf_counter()
        step(run, now=now)
        spent[name] = time.perf_counter() - began
    return run, spent


def bare_writes(run: MatchRun) -> float:
    with connection.cursor() as cursor:
        cursor.execute(BARE, {"run": run.pk})
        began = time.perf_counter()
        with transaction.atomic():
            for statement in WRITES:
                cursor.execute(statement, [run.pk] if "%s" in statement else None)
        return time.perf_counter() - began


def run(clock: Clock) -> Iterator[Figure]:
    prepare()
    shares, steps, fills = [], {}, 0
    for _round in range(min(clock.rounds, 3)):
        taken, spent = a_run()
        fills = Pledge.objects.filter(run=taken).count()
        bare = bare_writes(taken)
        shares.append(sum(spent.values()) / bare)
        steps = {**spent, "bare writes": bare}
        undo(taken)
    notes: dict[str, Any] = {"fills": float(fills), **steps}
    yield Figure("10,000 mandates × 1,000 listings: read, match, reserve, write ÷ bare writes of the fills", shares, at_most=3, notes=notes)


def undo(run: MatchRun) -> None:
    """Everything back, so that the next round finds the same market."""
    from core import business_day
    from marketplace import postings

    rows = Pledge.objects.filter(run=run, state="reserved")
    postings.release_pledges(rows, as_of=business_day.current())
    rows.update(state="released", ended_at=timezone.now())
    Listing.objects.filter(state="open").update(funded=0)
