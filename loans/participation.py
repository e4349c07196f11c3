"""Who owns a loan: the register of holders, written once at origination by one statement."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from core import states
from loans import agreement, disbursement
from loans.models import Loan


class UnableToOriginate(Exception):
    """The shares do not add up to the principal."""


def originate(*, loan: Loan, shares_sql: str, params: Mapping[str, Any], source: str, now: datetime) -> int:
    """Turn a filled listing into holdings: `shares_sql` yields (party_id, amount), `source` names the escrow. Returns the number of holders.

    Seals the agreement with its holders and prepares the disbursement. Raises UnableToOriginate unless the shares sum to the principal.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH born AS (
                  INSERT INTO loans_participation (loan_id, party_id, amount, received_principal, received_interest, received_fees,
                                                   received_penalties, originated_at)
                  SELECT %(loan)s, held.party_id, sum(held.amount)::bigint, 0, 0, 0, 0, %(now)s FROM ({shares_sql}) AS held (party_id, amount)
                  GROUP BY held.party_id RETURNING amount)
                SELECT count(*), coalesce(sum(amount), 0) FROM born""",  # noqa: S608 the select is ours
            {**params, "loan": loan.pk, "now": now},
        )
        holders, total = cursor.fetchone()
    if total != loan.principal:
        raise UnableToOriginate(f"Shares sum to {total}, the principal is {loan.principal}.")
    states.move(loan, "funded", now=now, funded_at=now, why="listing_filled")
    agreement.seal(loan=loan, now=now)
    disbursement.prepare(loan=loan, source=source, now=now)
    return int(holders)
