"""Every movement of money the crowd makes: a pledge holds cash, a fill settles the holds into escrow, an expiry
releases them, and a share bought from another investor is paid for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from accounts.models import Party
from ledger import operations as books
from ledger.chart import AccountCode
from ledger.operations import InsufficientFunds
from marketplace.models import Listing, MatchRun, Pledge

__all__ = ["InsufficientFunds", "cash_locked", "hold", "hold_run", "open_cash", "pay_for_share", "release", "release_all", "release_pledges", "settle_all"]

PLACE = """
WITH seat AS (
    UPDATE marketplace_listing SET funded = funded + %(amount)s
     WHERE id = %(listing)s AND state = 'open' AND opens_at <= %(now)s AND closes_at > %(now)s AND annual_rate = %(rate)s
       AND funded + %(amount)s + CASE WHEN reserved_until > %(now)s THEN mandate_reserve ELSE 0 END <= target
    RETURNING id, currency, funded = target AS is_full),
pledge AS (
    INSERT INTO marketplace_pledge (reference, listing_id, party_id, user_id, amount, hold_key, state, risk_acknowledged_at, pledged_at, cancel_until,
                                    reflect_until)
    SELECT %(reference)s, seat.id, %(party)s, %(user)s, %(amount)s, %(hold_key)s, 'reserved', %(now)s, %(now)s, %(cancel_until)s,
           %(reflect_until)s FROM seat RETURNING id),
{held}
SELECT pledge.id, seat.is_full FROM pledge, held, seat
"""
HELD = books.reserve_cte(
    source="""
    SELECT %(hold_key)s AS key, 'client_cash' AS debit_code, %(investor)s AS debit_owner, 'listing_escrow' AS credit_code, %(escrow)s AS credit_owner,
           seat.currency, %(amount)s::bigint AS amount, 'pledge' AS kind, %(reference)s AS reference, %(booked_on)s AS booked_on
      FROM seat, pledge"""
)
PLACE = PLACE.format(held=HELD)


def open_escrow(listing: Listing) -> None:
    """The escrow account of a listing, opened when it is published so that a pledge is one statement."""
    books.open_account(code=AccountCode.LISTING_ESCROW, owner=listing.ledger_owner, currency=listing.currency)


def open_cash(party: Party, *, currency: str) -> None:
    """The wallet's account, opened where money never was: the guarded statement below needs it."""
    books.open_account(code=AccountCode.CLIENT_CASH, owner=party.ledger_owner, currency=currency)


def hold(pledge: Pledge, *, listing: Listing, seen_rate: Any, as_of: date, now: datetime) -> tuple[int, bool] | None:
    """The guarded statement: room in the listing, the pledge, and the cash, or nothing. Returns the pledge's id and whether the listing is full with it;
    None when the listing said no.

    Raises InsufficientFunds. Lock order: the listing row, then accounts by id. The wallet's account must be open (`open_cash`).
    """
    with books.refusals(), connection.cursor() as cursor:
        cursor.execute(
            PLACE,
            {
                "amount": pledge.amount,
                "listing": listing.pk,
                "now": now,
                "rate": seen_rate,
                "reference": pledge.reference,
                "party": pledge.party_id,
                "user": pledge.user_id,
                "hold_key": pledge.hold_key,
                "cancel_until": pledge.cancel_until,
                "reflect_until": pledge.reflect_until,
                "investor": pledge.party.ledger_owner,
                "escrow": listing.ledger_owner,
                "booked_on": as_of,
            },
        )
        row: tuple[int, bool] | None = cursor.fetchone()
    return row


def release(pledge: Pledge, *, as_of: date) -> None:
    """Give one hold back."""
    books.void(pending_key=pledge.hold_key, key=f"{pledge.hold_key}:void", booked_on=as_of)


def release_all(listing: Listing, *, as_of: date) -> int:
    """Give every hold of a listing back, in one statement."""
    return books.void_from(
        "SELECT hold_key || ':void' AS key, hold_key AS pending_key, %(on)s AS booked_on"
        " FROM marketplace_pledge WHERE listing_id = %(listing)s AND state = 'reserved'",
        {"listing": listing.pk, "on": as_of},
    )


def settle_all(listing: Listing, *, as_of: date) -> int:
    """Turn every hold of a filled listing into money in escrow, in one statement."""
    return books.settle_from(
        "SELECT hold_key || ':settle' AS key, hold_key AS pending_key, NULL::bigint AS amount, %(on)s AS booked_on"
        " FROM marketplace_pledge WHERE listing_id = %(listing)s AND state = 'reserved'",
        {"listing": listing.pk, "on": as_of},
    )


def release_pledges(pledges: QuerySet[Pledge], *, as_of: date) -> int:
    """Give many holds back, in one statement."""
    keys = list(pledges.values_list("hold_key", flat=True))
    return books.void_from(
        "SELECT key || ':void' AS key, key AS pending_key, %(on)s::date AS booked_on FROM unnest(%(keys)s::text[]) AS key", {"keys": keys, "on": as_of}
    )


def cash_locked(parties: Sequence[int], *, currency: str) -> dict[int, int]:
    """What each party has available, until the end of the transaction: nobody else moves it meanwhile."""
    found = books.available_locked(code=AccountCode.CLIENT_CASH, owners=[f"party:{party}" for party in parties], currency=currency)
    return {party: found.get(f"party:{party}", 0) for party in parties}


def hold_run(run: MatchRun, *, as_of: date) -> int:
    """Hold the cash of every pledge a run made, in one statement. Raises InsufficientFunds, when the cash was not locked first."""
    return books.reserve_from(
        "SELECT hold_key AS key, 'client_cash' AS debit_code, 'party:' || party_id AS debit_owner, 'listing_escrow' AS credit_code,"
        " 'listing:' || listing_id AS credit_owner, %(currency)s AS currency, amount, 'pledge' AS kind, reference, %(on)s::date AS booked_on"
        " FROM marketplace_pledge WHERE run_id = %(run)s",
        {"run": run.pk, "currency": run.currency, "on": as_of},
    )


def pay_for_share(*, buyer: Party, seller: Party, amount: int, currency: str, reference: str, as_of: date) -> None:
    """The buyer's cash becomes the seller's. Raises InsufficientFunds."""
    books.post(
        debit=(AccountCode.CLIENT_CASH, buyer.ledger_owner),
        credit=(AccountCode.CLIENT_CASH, seller.ledger_owner),
        currency=currency,
        amount=amount,
        key=f"sale:{reference}",
        kind="share_sale",
        reference=reference,
        booked_on=as_of,
    )
