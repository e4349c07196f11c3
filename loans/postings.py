"""Every movement of money a loan makes: payout from escrow, the origination fee, a repayment to its holders, and what corrects one.

payout            escrow → in transit out                     repayment         borrower's cash → each holder's cash, and the fee
origination fee   escrow → origination fees                   goodwill          the platform's own money → the same
unwind            escrow → each holder's cash, whole, where the loan is not paid out after all
correction        holders who owe ↔ loan clearing ↔ holders who are owed, the borrower, or what the borrower overpaid
own funds         fees the platform earned → its own funds, where only both together cover an advance
advance           the platform's own money → loan clearing, where a holder's wallet no longer holds what is taken back
clawback          holder's cash → the platform, once there is some
recovery costs    borrower's cash → the platform that paid them, and back when the recovery is undone
price of a claim  unmatched receipts → recoveries to distribute → each holder's cash
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import F

from accounts.models import User
from ledger import operations as books
from ledger import queries
from ledger.chart import AccountCode
from loans import distribution
from loans.models import Clawback, Disbursement, Loan, LoanEvent, Recovery, Repayment, Share
from payments import payout, reconciliation
from payments.models import Payment

PLATFORM = "platform"
OWN_MONEY = (AccountCode.OPERATOR_FUNDS, AccountCode.SERVICING_FEES, AccountCode.ORIGINATION_FEES)
InsufficientFunds = books.InsufficientFunds


class PlatformShort(InsufficientFunds):
    """The platform's own accounts together do not cover an advance."""


At = tuple[AccountCode, str]
Leg = tuple[str, At, At, int, str]  # key, debit, credit, amount, kind


def pay_out(order: Disbursement, *, as_of: date, now: datetime) -> Payment:
    """Hand the order to payments: escrow → in transit out, and a payment with a key of its own for every attempt."""
    assert order.bank_account is not None
    return payout.order(
        key=f"disbursement:{order.reference}:{order.attempt}",
        kind=Payment.Kind.DISBURSEMENT,
        source_owner=order.source,
        source_code=AccountCode.LISTING_ESCROW,
        party=order.loan.party,
        bank_account=order.bank_account,
        amount=order.amount,
        currency=order.currency,
        as_of=as_of,
        now=now,
    )


def origination_fee(order: Disbursement, *, as_of: date) -> None:
    """Escrow → origination fees, once the bank has paid the rest out."""
    if not order.loan.origination_fee:
        return
    books.post(
        debit=(AccountCode.LISTING_ESCROW, order.source),
        credit=(AccountCode.ORIGINATION_FEES, PLATFORM),
        currency=order.currency,
        amount=order.loan.origination_fee,
        key=f"disbursement:{order.reference}:origination_fee",
        kind="origination_fee",
        reference=order.loan.reference,
        booked_on=as_of,
    )


def unwind(order: Disbursement, *, as_of: date) -> int:
    """Escrow → each holder's cash, what each put in, in one statement. Returns to how many."""
    return books.post_from(
        """
        SELECT 'unwind:' || id AS key, 'listing_escrow' AS debit_code, %(source)s AS debit_owner, 'client_cash' AS credit_code,
               'party:' || party_id AS credit_owner, %(currency)s AS currency, amount, 'unwind' AS kind, %(reference)s AS reference,
               %(booked_on)s::date AS booked_on
          FROM loans_participation WHERE loan_id = %(loan)s AND ended_at IS NULL
        """,
        {"source": order.source, "currency": order.currency, "reference": order.loan.reference, "booked_on": as_of, "loan": order.loan_id},
    )


def source_of(loan: Loan, event: LoanEvent) -> At:
    """Where an event's money comes from, or returns to: the borrower's wallet, for goodwill the platform's own money, or what a buyer of the claim paid."""
    about = loan.events.get(number=event.undoes or 0) if event.kind == LoanEvent.Kind.VOID else event
    if about.kind == LoanEvent.Kind.GOODWILL:
        return own_money(loan, event.amount, key=f"event:{event.pk}", as_of=event.booked_on), PLATFORM
    if about.data.get("source") == Recovery.Source.BUYER:
        return AccountCode.RECOVERY_SUSPENSE, loan.ledger_owner
    return AccountCode.CLIENT_CASH, loan.party.ledger_owner


def own_money(loan: Loan, amount: int, *, key: str, as_of: date) -> AccountCode:
    """The first of the platform's own accounts that covers an advance; where only several do, its own funds, filled up from the fees. Raises PlatformShort."""
    held = {code: max(queries.balance(code=code, owner=PLATFORM, currency=loan.currency).available, 0) for code in OWN_MONEY}
    for code, available in held.items():
        if available >= amount:
            return code
    (first, missing), legs = (OWN_MONEY[0], amount - held[OWN_MONEY[0]]), []
    for code in reversed(OWN_MONEY[1:]):  # of the servicing fees a correction takes its own part back
        taken = min(held[code], missing)
        legs += _both_ways(f"{key}:own_funds:{code}", (code, PLATFORM), (first, PLATFORM), taken, "own_funds")
        missing -= taken
    if missing:
        raise PlatformShort
    _post(legs, loan, as_of=as_of)
    return first


DISTRIBUTED = books.post_cte(
    source="""
    SELECT 'repayment:' || %(repayment)s::bigint || ':holder:' || id AS key, %(code)s AS debit_code, %(owner)s AS debit_owner,
           'client_cash' AS credit_code, 'party:' || party_id AS credit_owner, %(currency)s AS currency,
           principal + interest + fees + penalties - fee AS amount, 'repayment' AS kind, %(reference)s AS reference, %(booked_on)s::date AS booked_on
      FROM paid WHERE principal + interest + fees + penalties > fee
    UNION ALL
    SELECT 'repayment:' || %(repayment)s::bigint || ':servicing_fee', %(code)s, %(owner)s, 'servicing_fees', 'platform', %(currency)s,
           sum(fee)::bigint, 'servicing_fee', %(reference)s, %(booked_on)s::date
      FROM paid HAVING sum(fee) > 0"""
)
HOLDERS = """
SELECT 'client_cash' AS code, 'party:' || party_id AS owner, %(currency)s::text AS currency FROM loans_participation WHERE loan_id = %(loan)s
UNION ALL SELECT 'servicing_fees', 'platform', %(currency)s::text"""


def distribute(repayment: Repayment, *, source: At | None = None) -> int:
    """Every holder's share written and paid, borrower's cash (or `source`) → holder's cash, and the servicing fee: one statement.

    Returns the number of transfers. Raises InsufficientFunds.
    """
    loan, (code, owner) = repayment.loan, source or (AccountCode.CLIENT_CASH, repayment.loan.party.ledger_owner)
    statement = f"WITH {distribution.arms(repayment)},\n{DISTRIBUTED}\nSELECT count(*) FROM posted"
    values = distribution.values(repayment) | {
        "code": code,
        "owner": owner,
        "currency": loan.currency,
        "reference": loan.reference,
        "booked_on": repayment.event.booked_on,
    }
    try:
        return _run(statement, values)
    except books.UnknownAccount:  # the first money of a holder, the first fee of a currency
        books.open_accounts(HOLDERS, {"loan": loan.pk, "currency": loan.currency})
        return _run(statement, values)


def _run(statement: str, values: dict[str, Any]) -> int:
    with books.refusals(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.fetchone()[0])


def correct(loan: Loan, event: LoanEvent, signed: list[Repayment], *, source: At, inflow: int, overpaid: int, as_of: date, now: datetime) -> None:
    """Signed shares through the loan's clearing account, which is empty again when the statement ends.

    `inflow` is what `source` still gives (or, negative, gets back); `overpaid` what the borrower's overpaid account gains or loses.
    A holder whose wallet no longer covers what is taken back owes it to the platform, which advances it. Raises InsufficientFunds.
    """
    key, clearing = f"event:{event.pk}", (AccountCode.LOAN_CLEARING, loan.ledger_owner)
    legs = _both_ways(f"{key}:borrower", source, clearing, inflow, "repayment" if inflow > 0 else "returned")
    legs += _both_ways(f"{key}:overpaid", clearing, (AccountCode.BORROWER_OVERPAID, loan.ledger_owner), overpaid, "overpaid")
    for repayment in signed:
        legs += _holders(repayment, clearing, as_of=as_of, now=now)
    _post(legs, loan, as_of=as_of)


def _both_ways(key: str, giver: At, taker: At, amount: int, kind: str) -> list[Leg]:
    if amount > 0:
        return [(key, giver, taker, amount, kind)]
    return [(key, taker, giver, -amount, kind)] if amount else []


def _holders(repayment: Repayment, clearing: At, *, as_of: date, now: datetime) -> list[Leg]:
    """One leg a holder; what is missing in a wallet is advanced and remembered."""
    shares = list(Share.objects.filter(repayment=repayment).select_related("participation__party").order_by("participation_id"))
    currency, key = repayment.loan.currency, f"repayment:{repayment.pk}"
    giving = [share.participation.party.ledger_owner for share in shares if share.net < 0]
    cash = queries.balances(code=AccountCode.CLIENT_CASH, owners=giving, currency=currency)
    legs = _both_ways(f"{key}:servicing_fee", clearing, (AccountCode.SERVICING_FEES, PLATFORM), sum(share.servicing_fee for share in shares), "servicing_fee")
    short: list[tuple[Share, int]] = []
    for share in shares:
        owner = share.participation.party.ledger_owner
        taken = min(-share.net, max(cash[owner].available, 0)) if share.net < 0 else 0
        legs += _both_ways(f"{key}:holder:{share.participation_id}", clearing, (AccountCode.CLIENT_CASH, owner), max(share.net, -taken), "correction")
        if share.net < 0 and taken < -share.net:
            short.append((share, -share.net - taken))
    return legs + _advance(repayment, short, clearing, as_of=as_of, now=now)


def _advance(repayment: Repayment, short: list[tuple[Share, int]], clearing: At, *, as_of: date, now: datetime) -> list[Leg]:
    total = sum(amount for _share, amount in short)
    if not total:
        return []
    code = own_money(repayment.loan, total, key=f"repayment:{repayment.pk}", as_of=as_of)
    Clawback.objects.bulk_create(
        Clawback(participation=share.participation, repayment=repayment, amount=amount, advanced_from=code, created_at=now) for share, amount in short
    )
    return [(f"repayment:{repayment.pk}:advance", (code, PLATFORM), clearing, total, "advance")]


def collect_clawbacks(loan: Loan, event: LoanEvent, *, as_of: date) -> None:
    """Holders who owe the platform an advance pay from what they have now, as far as it goes."""
    open_ones = Clawback.objects.filter(participation__loan=loan, recovered__lt=F("amount"))
    owing = list(open_ones.select_for_update(of=("self",)).select_related("participation__party").order_by("pk"))
    if not owing:
        return
    cash = queries.balances(code=AccountCode.CLIENT_CASH, owners={one.participation.party.ledger_owner for one in owing}, currency=loan.currency)
    left, legs = {owner: max(found.available, 0) for owner, found in cash.items()}, []
    for one in owing:
        owner = one.participation.party.ledger_owner
        paid = min(one.amount - one.recovered, left[owner])
        left[owner] -= paid
        if paid:
            legs.append((f"clawback:{one.pk}:event:{event.pk}", (AccountCode.CLIENT_CASH, owner), (AccountCode(one.advanced_from), PLATFORM), paid, "clawback"))
            Clawback.objects.filter(pk=one.pk).update(recovered=F("recovered") + paid)
    _post(legs, loan, as_of=as_of)


def recovery_costs(loan: Loan, event: LoanEvent, amount: int, *, as_of: date) -> None:
    """What the recovery cost, out of what was recovered, to the platform that paid it."""
    payer, payee = (AccountCode.CLIENT_CASH, loan.party.ledger_owner), (AccountCode.OPERATOR_FUNDS, PLATFORM)
    _post([(f"event:{event.pk}:costs", payer, payee, amount, "recovery_costs")], loan, as_of=as_of)


def recovery_costs_back(loan: Loan, event: LoanEvent, amount: int, *, as_of: date) -> None:
    """The recovery they came off was undone: the borrower gets them back as well. Raises InsufficientFunds: the platform no longer has as much."""
    payer, payee = (own_money(loan, amount, key=f"event:{event.pk}:costs", as_of=as_of), PLATFORM), (AccountCode.CLIENT_CASH, loan.party.ledger_owner)
    _post([(f"event:{event.pk}:costs", payer, payee, amount, "recovery_costs")], loan, as_of=as_of)


def buyers_price(loan: Loan, receipt: Payment, *, proposed_by: User, by: User, as_of: date, now: datetime) -> None:
    """unmatched receipts → recoveries to distribute, of this loan. Raises reconciliation.UnableToMatch."""
    code, owner = AccountCode.RECOVERY_SUSPENSE, loan.ledger_owner
    reconciliation.set_apart(payment=receipt, code=code, owner=owner, proposed_by=proposed_by, by=by, as_of=as_of, now=now)


def _post(legs: Iterable[Leg], loan: Loan, *, as_of: date) -> None:
    """Many legs in one statement, so that each account is checked against all of them together."""
    listed = list(legs)
    if not listed:
        return
    keys, debits, credits, amounts, kinds = zip(*listed, strict=True)
    books.post_from(
        """
        SELECT t.key, t.debit_code, t.debit_owner, t.credit_code, t.credit_owner, %(currency)s AS currency, t.amount, t.kind,
               %(reference)s AS reference, %(booked_on)s::date AS booked_on
          FROM unnest(%(keys)s::text[], %(debit_codes)s::text[], %(debit_owners)s::text[], %(credit_codes)s::text[], %(credit_owners)s::text[],
                      %(amounts)s::bigint[], %(kinds)s::text[]) AS t (key, debit_code, debit_owner, credit_code, credit_owner, amount, kind)
        """,
        {
            "keys": list(keys),
            "debit_codes": [str(code) for code, _owner in debits],
            "debit_owners": [owner for _code, owner in debits],
            "credit_codes": [str(code) for code, _owner in credits],
            "credit_owners": [owner for _code, owner in credits],
            "amounts": list(amounts),
            "kinds": list(kinds),
            "currency": loan.currency,
            "reference": loan.reference,
            "booked_on": as_of,
        },
    )
