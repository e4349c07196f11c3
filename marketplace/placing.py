"""Placing a pledge inside the database: three functions of its own, written here, installed by a migration (a test holds the two together).

`marketplace_pledge_refused` knows every reason against a pledge that can be known without taking anything. `marketplace_place` is one pledge from the
question to the verdict in one round trip. `marketplace_settle` settles what is asked of one listing together.

A pledge of its own transaction is first an intent, committed at once in a table that is not logged; whoever leads settles all intents there are in one
durable transaction, the others wait for it and are told together; of those who came too late one leads next. So the listing's row is held once for many
pledges, and one flush of the log serves them all: the more ask at once, the less each costs. Inside a transaction of the caller's only the own intent is
settled, and commits or not with that transaction. An intent nobody waits for any more is left alone after a few seconds, and forgotten.

Lock order: the lead, the listing's turn (advisory locks, never inside a caller's transaction; who waits shares the turn), the listing's row, accounts by id.
"""
# ruff: noqa: S608  texts are put together from fixed texts; values are parameters

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from core import bell, outbox, prepared
from loans import file as files
from marketplace import postings
from marketplace.models import Pledge, PledgeIntent

MOST, FRESH = 64, "5 seconds"
"""How many intents are settled together, and how long after it was written one is settled by somebody else."""
STRANDED = timedelta(minutes=10)
LARGEST = 2**63 - 1

REFUSED = """
CREATE OR REPLACE FUNCTION marketplace_pledge_refused(wanted bigint, asking bigint, much bigint, seen numeric, moment timestamptz,
    OUT refused text, OUT by_hand bigint, OUT answer bigint) LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $refused$
DECLARE who record; offer record;
BEGIN
    SELECT p.invests AND p.verified_at IS NOT NULL AS invests, s.restricted_at IS NOT NULL AS locked INTO who
      FROM accounts_party p JOIN privacy_datasubject s ON s.id = p.subject_id WHERE p.id = asking;
    SELECT l.state, l.opens_at, l.closes_at, l.annual_rate, l.minimum, l.unit, l.target - l.funded AS room, terms.application_id, consent.id AS consent_id,
           CASE WHEN l.reserved_until > moment THEN l.mandate_reserve ELSE 0 END AS kept INTO offer
      FROM marketplace_listing l JOIN loans_loan loan ON loan.id = l.loan_id JOIN loans_agreement paper ON paper.id = loan.agreement_id
      JOIN loans_offer terms ON terms.id = paper.offer_id JOIN loans_borrowerfile file ON file.id = loan.file_id
      JOIN privacy_datasubject s ON s.id = file.subject_id AND s.restricted_at IS NULL
      JOIN LATERAL (SELECT c.id, c.decision, c.expires_at FROM privacy_consent c WHERE c.matter_id = file.matter_id AND c.purpose = 'listing_disclosure'
                     ORDER BY c.sequence DESC LIMIT 1) consent
        ON consent.decision = 'given' AND (consent.expires_at IS NULL OR consent.expires_at > moment)
     WHERE l.id = wanted;
    answer := offer.consent_id;
    by_hand := greatest(offer.room - offer.kept, 0);
    refused := CASE
        WHEN who.locked THEN 'restricted'
        WHEN NOT coalesce(who.invests, false) THEN 'not_an_investor'
        WHEN offer.consent_id IS NULL OR offer.state <> 'open' OR moment < offer.opens_at OR moment >= offer.closes_at THEN 'closed'
        WHEN seen <> offer.annual_rate THEN 'stale_price'
        WHEN much < offer.minimum THEN 'below_minimum'
        WHEN much % offer.unit <> 0 THEN 'not_a_multiple'
        WHEN much > offer.room THEN 'too_much'
        WHEN much > by_hand THEN 'kept_for_mandates'
        WHEN EXISTS (SELECT FROM loans_obligor bound JOIN accounts_membership theirs ON theirs.party_id = bound.party_id AND theirs.ended_at IS NULL
                       JOIN accounts_membership own ON own.user_id = theirs.user_id AND own.party_id = asking AND own.ended_at IS NULL
                      WHERE bound.application_id = offer.application_id) THEN 'own_loan'
        ELSE '' END;
END $refused$"""

CHOSEN = """
        chosen AS MATERIALIZED (SELECT i.* FROM unnest(taken) AS t (id) JOIN marketplace_pledgeintent i USING (id))"""
SETTLE = """
CREATE OR REPLACE FUNCTION marketplace_settle(wanted bigint, mine uuid, alone boolean, moment timestamptz, told_placed text[], told_full text[])
    RETURNS bigint[] LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off
    SET plan_cache_mode = force_generic_plan AS $settle$
DECLARE
    seat record; one record; batch uuid[]; owners text[]; room bigint; taken uuid[] := '{{}}'; passed uuid[] := '{{}}'; last_taken uuid;
    jobs bigint[]; more bigint[]; young timestamptz := clock_timestamp() - interval '{fresh}';
BEGIN
    SELECT l.* INTO seat FROM marketplace_listing l WHERE l.id = wanted FOR NO KEY UPDATE;
    room := seat.target - seat.funded;
    -- One of each investor at a time, so that what one may spend is read once; ours is among them.
    SELECT array_agg(n.id), array_agg(n.owner) INTO batch, owners FROM (
        SELECT f.id, 'party:' || f.party_id AS owner FROM (
            SELECT i.id, i.party_id, i.made_at, row_number() OVER (PARTITION BY i.party_id ORDER BY i.id = mine DESC, i.made_at, i.id) AS nth
              FROM marketplace_pledgeintent i
             WHERE NOT alone AND i.listing_id = wanted AND i.refused = '' AND i.made_at > young
            UNION ALL
            SELECT i.id, i.party_id, i.made_at, 1 FROM marketplace_pledgeintent i
             WHERE i.id = mine AND (alone OR i.made_at <= young)) f
         WHERE f.nth = 1 ORDER BY f.id = mine DESC, f.made_at, f.id LIMIT {most}) n;
    PERFORM FROM ledger_account a WHERE (a.code, a.currency) = ('client_cash', seat.currency) AND a.owner = ANY(owners)
         OR (a.code, a.owner, a.currency) = ('listing_escrow', 'listing:' || wanted, seat.currency) ORDER BY a.id FOR NO KEY UPDATE;
    FOR one IN
        SELECT i.id, i.amount, i.seen_rate, i.pledged_at, had.id AS had, a.credits_posted - a.debits_posted - a.debits_pending AS cash
          FROM unnest(batch) AS b (id) JOIN marketplace_pledgeintent i USING (id) LEFT JOIN marketplace_pledge had ON had.hold_key = i.hold_key
          LEFT JOIN ledger_account a ON a.code = 'client_cash' AND a.owner = 'party:' || i.party_id AND a.currency = seat.currency
         ORDER BY i.made_at, i.id
    LOOP
        IF one.had IS NOT NULL THEN
            passed := passed || one.id;
        ELSIF seat.state <> 'open' OR seat.opens_at > one.pledged_at OR seat.closes_at <= one.pledged_at OR seat.annual_rate <> one.seen_rate
           OR one.amount + (CASE WHEN seat.reserved_until > one.pledged_at THEN seat.mandate_reserve ELSE 0 END) > room THEN
            UPDATE marketplace_pledgeintent i SET refused = 'no_room' WHERE i.id = one.id;
        ELSIF coalesce(one.cash, 0) < one.amount THEN
            UPDATE marketplace_pledgeintent i SET refused = 'insufficient_funds' WHERE i.id = one.id;
        ELSE
            room := room - one.amount;
            taken := taken || one.id;
        END IF;
    END LOOP;
    IF taken <> '{{}}' THEN
        UPDATE marketplace_listing l SET funded = l.target - room WHERE l.id = wanted;
        WITH {chosen},
        pledge AS (
            INSERT INTO marketplace_pledge (reference, listing_id, party_id, user_id, amount, hold_key, state, risk_acknowledged_at, pledged_at,
                                            cancel_until, reflect_until)
            SELECT c.reference, c.listing_id, c.party_id, c.user_id, c.amount, c.hold_key, 'reserved', c.pledged_at, c.pledged_at, c.cancel_until,
                   c.reflect_until FROM chosen c RETURNING id, hold_key),
        {held},
        placed AS ({placed})
        SELECT array_agg(placed.id) INTO jobs FROM placed;
        IF EXISTS ({lacking}) THEN
            {stale};
            {granted};
        END IF;
        IF room = 0 THEN
            last_taken := taken[array_upper(taken, 1)];
            WITH facts AS (
                SELECT 'listing:' || wanted || ':full:' || p.id, jsonb_build_object('listing', wanted)::text, NULL::timestamptz
                  FROM marketplace_pledgeintent i JOIN marketplace_pledge p USING (hold_key) WHERE i.id = last_taken),
            filled AS ({filled})
            SELECT array_agg(filled.id) INTO more FROM filled;
        END IF;
    END IF;
    DELETE FROM marketplace_pledgeintent i WHERE i.id = ANY(taken || passed);
    IF cardinality(taken) > 1 THEN
        jobs := NULL;  -- in a crowd nobody is told within the second, and who rings for each holds up the others: the sweeper comes by
    END IF;
    RETURN coalesce(jobs, '{{}}') || coalesce(more, '{{}}');
END $settle$"""

PLACE = """
CREATE OR REPLACE PROCEDURE marketplace_place(wanted bigint, asking bigint, acting bigint, much bigint, seen numeric, called text, key text, moment timestamptz,
    booked date, cancel timestamptz, reflect timestamptz, alone boolean, told_placed text[], told_full text[],
    INOUT refused text, INOUT by_hand bigint, INOUT pledge bigint, INOUT jobs bigint[]) LANGUAGE plpgsql AS $place$
DECLARE
    mine uuid := gen_random_uuid(); consent bigint; named text; here int := wanted % 2147483647;
    today date := coalesce(booked, (SELECT d.day FROM core_businessdate d WHERE d.id = 1));
    lead int := hashtext('marketplace_place:lead'); turn int := hashtext('marketplace_place');
BEGIN
    SELECT p.id, 'again' INTO pledge, refused FROM marketplace_pledge p WHERE p.hold_key = key;
    IF FOUND THEN RETURN; END IF;
    SELECT r.refused, r.by_hand, r.answer INTO refused, by_hand, consent FROM marketplace_pledge_refused(wanted, asking, much, seen, moment) r;
    IF refused = '' AND today IS NULL THEN refused := 'no_day'; END IF;
    IF refused <> '' THEN RETURN; END IF;
    INSERT INTO marketplace_pledgeintent (id, listing_id, party_id, user_id, amount, seen_rate, reference, hold_key, consent_id, pledged_at, booked_on,
                                          cancel_until, reflect_until, made_at, refused)
    VALUES (mine, wanted, asking, acting, much, seen, called, key, consent, moment, today, cancel, reflect, clock_timestamp(), '');
    IF alone THEN
        jobs := marketplace_settle(wanted, mine, true, moment, told_placed, told_full);
    ELSE
        COMMIT;  -- now others see it
        LOOP
            IF pg_try_advisory_xact_lock(lead, here) THEN
                PERFORM pg_advisory_xact_lock(turn, here);  -- when everybody told by the settlement before has left
                IF EXISTS (SELECT FROM marketplace_pledgeintent i WHERE i.id = mine AND i.refused = '') THEN
                    BEGIN
                        jobs := marketplace_settle(wanted, mine, false, moment, told_placed, told_full);
                    EXCEPTION WHEN integrity_constraint_violation THEN
                        -- One of many cannot be written: nobody waits for it, each stands for itself.
                        jobs := marketplace_settle(wanted, mine, true, moment, told_placed, told_full);
                    END;
                END IF;
                EXIT;
            END IF;
            PERFORM pg_advisory_xact_lock_shared(turn, here);  -- until the settlement that runs is done
            SELECT p.id, p.reference INTO pledge, named FROM marketplace_pledge p WHERE p.hold_key = key;
            EXIT WHEN FOUND OR EXISTS (SELECT FROM marketplace_pledgeintent i WHERE i.id = mine AND i.refused <> '');
            COMMIT;  -- it came too late for that one
        END LOOP;
    END IF;
    IF pledge IS NULL THEN
        SELECT p.id, p.reference INTO pledge, named FROM marketplace_pledge p WHERE p.hold_key = key;
    END IF;
    IF pledge IS NULL THEN
        DELETE FROM marketplace_pledgeintent i WHERE i.id = mine RETURNING i.refused INTO refused;
    ELSIF named <> called THEN
        refused := 'again';
        DELETE FROM marketplace_pledgeintent i WHERE i.id = mine;
    END IF;
END $place$"""

OPENED = "SELECT l.loan_id, c.party_id, c.consent_id FROM unnest(taken) AS t (id) JOIN marketplace_pledgeintent c USING (id)" + (
    " JOIN marketplace_listing l ON l.id = c.listing_id"
)
PLACED_FACTS = "(SELECT 'pledge:' || pledge.id || ':placed', jsonb_build_object('pledge', pledge.id)::text, NULL::timestamptz FROM pledge)"
HELD_SOURCE = """
            SELECT c.hold_key AS key, 'client_cash' AS debit_code, 'party:' || c.party_id AS debit_owner, 'listing_escrow' AS credit_code,
                   'listing:' || c.listing_id AS credit_owner, seat.currency::text AS currency, c.amount, 'pledge' AS kind, c.reference, c.booked_on
              FROM pledge JOIN chosen c USING (hold_key)"""


def functions() -> dict[str, str]:
    """What the database has to have, by name, as it creates it."""
    grants = {"relation": "'pledger'", "purpose": f"'{files.PURPOSES['pledger']}'", "codename": "'disclose_pledger'", "now": "moment"}
    settle = SETTLE.format(
        fresh=FRESH,
        most=MOST,
        chosen=CHOSEN.strip(),
        held=postings.held_arm(HELD_SOURCE).strip(),
        placed=outbox.writing(name="'pledge.placed'", facts=PLACED_FACTS, labels="told_placed"),
        filled=outbox.writing(name="'listing.full'", facts="(SELECT * FROM facts)", labels="told_full"),
        lacking=(files.LACKING.format(wanted=OPENED) % grants).strip(),
        stale=(files.STALE.format(wanted=OPENED) % grants).strip(),
        granted=(files.GRANT.format(wanted=OPENED) % grants).strip(),
    )
    return {"marketplace_pledge_refused": REFUSED.strip(), "marketplace_settle": settle.strip(), "marketplace_place": PLACE.strip()}


CALL = """
CALL marketplace_place(%(listing)s::bigint, %(party)s::bigint, %(user)s::bigint, %(amount)s::bigint, %(seen_rate)s::numeric, %(reference)s::text,
    %(hold_key)s::text, %(pledged_at)s::timestamptz, %(booked_on)s::date, %(cancel_until)s::timestamptz, %(reflect_until)s::timestamptz, %(alone)s::boolean,
    %(told_placed)s::text[], %(told_full)s::text[], NULL::text, NULL::bigint, NULL::bigint, NULL::bigint[])"""
ASK = "SELECT * FROM marketplace_pledge_refused(%(listing)s::bigint, %(party)s::bigint, %(amount)s::bigint, %(seen_rate)s::numeric, %(at)s::timestamptz)"


@dataclass(frozen=True)
class Verdict:
    """`refused`: why not, or `again` when the key stands for a pledge that was there before; empty when `pledge` was placed now. `by_hand`: open now."""

    refused: str
    by_hand: int
    pledge: int | None = None


def ask(*, listing: int, party: int, amount: int, seen_rate: Any, now: datetime) -> Verdict:
    """What stands against a pledge, taking nothing."""
    found = prepared.fetch_one(ASK, {"listing": listing, "party": party, "amount": min(amount, LARGEST), "seen_rate": seen_rate, "at": now})
    assert found is not None
    return Verdict(found[0], found[1] or 0)


def place(pledge: Pledge, *, seen_rate: Any, as_of: date | None) -> Verdict:
    """Place a pledge that is not saved yet: taken with its cash and everything that follows, or not at all. Without `as_of` on the business day in the
    database; `no_day` where there is none yet."""
    alone = connection.in_atomic_block
    names = ("amount", "reference", "hold_key", "pledged_at", "cancel_until", "reflect_until")
    values = {name: getattr(pledge, name) for name in names} | {"listing": pledge.listing_id, "party": pledge.party_id, "user": pledge.user_id}
    values |= {"amount": min(pledge.amount, LARGEST), "seen_rate": seen_rate, "booked_on": as_of, "alone": alone}
    values |= {"told_placed": outbox.listeners("pledge.placed"), "told_full": outbox.listeners("listing.full")}
    found = prepared.fetch_one(CALL, values)
    assert found is not None
    refused, by_hand, pk, jobs = found
    if jobs:
        transaction.on_commit(lambda: bell.ring_together(jobs), robust=True)
    return Verdict(refused or "", by_hand or 0, pk)


def forget(*, now: datetime) -> int:
    """Intents of those who did not wait for their verdict."""
    return PledgeIntent.objects.filter(made_at__lt=now - STRANDED).delete()[0]
