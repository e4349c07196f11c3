"""Every movement of money the crowd makes: a pledge holds cash, a fill settles the holds into escrow, an expiry
releases them, and a share bought from another investor is paid for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db.models import QuerySet

from accounts.models import Party
from ledger import operations as books
from ledger.chart import AccountCode
from ledger.operations import InsufficientFunds
from marketplace.models import Listing, MatchRun, Pledge

__all__ = ["InsufficientFunds", "cash_locked", "held_arm", "hold_run", "pay_for_share", "release", "release_all", "release_pledges", "settle_all"]


def held_arm(source: str) -> str:
    """The arm of a pledge's statement that holds its cash; see `ledger.operations.reserve_cte`."""
    return books.reserve_cte(source=source)


def open_escrow(listing: Listing) -> None:
    """The escrow account of a listing, opened when it is published so that a pledge is one statement."""
    books.open_account(code=AccountCode.LISTING_ESCROW, owner=listing.ledger_owner, currency=listing.currency)


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
