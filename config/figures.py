"""Figures anybody may see: totals from the books, never anything about one person. Read once a minute, whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import Avg, Count, F, Min, Q, Sum
from django.utils.functional import SimpleLazyObject

from core import business_day
from loans import apr, schedule
from loans.models import Application, Installment, Loan
from marketplace.models import Listing

KEY = "front-page-figures"
KEEP_SECONDS = 60
SMALLEST_GROUP = 5  # below this many loans a total would tell about single people
ON_BOOKS = ("active", "late", "defaulted")
DECIDED = ("approved", "offered", "accepted", "declined", "lapsed")


@dataclass(frozen=True)
class Figures:
    """What the front page shows. `None` where there is too little to say."""

    at: datetime
    currency: str
    outstanding: int
    loans: int
    on_time: Decimal | None
    late: Decimal | None
    decision_hours: int | None
    decisions: int
    open_listings: int
    lowest_rate: Decimal | None
    grades: tuple[dict[str, Any], ...]


def front_page(*, now: datetime) -> dict[str, Any]:
    """The context of the front page: figures read when the template asks for them."""
    return {"figures": SimpleLazyObject(lambda: _kept(now=now))}


def _kept(*, now: datetime) -> Figures:
    known = cache.get(KEY)
    if known is None:
        known = read(now=now, as_of=business_day.current())
        cache.set(KEY, known, timeout=KEEP_SECONDS)
    return known


def read(*, now: datetime, as_of: date) -> Figures:
    """Read every figure from the database now."""
    owed = Installment.objects.filter(loan__state__in=ON_BOOKS).aggregate(sum=Sum(F("principal") - F("paid_principal")))["sum"] or 0
    loans = Loan.objects.filter(state__in=ON_BOOKS).count()
    on_time, late = _punctuality(as_of)
    decided = Application.objects.filter(state__in=DECIDED, submitted_at__isnull=False, decided_at__isnull=False)
    spent = decided.aggregate(count=Count("pk"), mean=Avg(F("decided_at") - F("submitted_at")))
    market = Listing.objects.filter(state="open", closes_at__gt=now).aggregate(count=Count("pk"), lowest=Min("annual_rate"))
    enough = loans >= SMALLEST_GROUP
    return Figures(
        at=now,
        currency=settings.DEFAULT_CURRENCY,
        outstanding=owed if enough else 0,
        loans=loans if enough else 0,
        on_time=on_time,
        late=late,
        decision_hours=max(1, round(spent["mean"].total_seconds() / 3600)) if spent["count"] >= SMALLEST_GROUP else None,
        decisions=spent["count"],
        open_listings=market["count"],
        lowest_rate=market["lowest"],
        grades=tuple(_grades(as_of)),
    )


def _punctuality(as_of: date) -> tuple[Decimal | None, Decimal | None]:
    """Shares of the installments due in the last twelve months that were paid by their date, and that were not."""
    due = Installment.objects.filter(due_on__lt=as_of, due_on__gte=as_of - timedelta(days=365))
    counts = due.aggregate(all=Count("pk"), on_time=Count("pk", filter=Q(paid_on__lte=F("due_on"))))
    if counts["all"] < SMALLEST_GROUP:
        return None, None
    share = Decimal(counts["on_time"]) / counts["all"]
    return share, 1 - share


def _grades(as_of: date) -> list[dict[str, Any]]:
    """By grade: how many loans, their rates, installments paid on time. Grades with too few loans are left out."""
    rows = (
        Listing.objects.filter(loan__disbursed_on__isnull=False)
        .values("grade")
        .annotate(loans=Count("loan", distinct=True), rate=Avg("annual_rate"))
        .order_by("grade")
    )
    return [{**row, **_paid_of_grade(row["grade"], as_of)} for row in rows if row["loans"] >= SMALLEST_GROUP]


def _paid_of_grade(grade: str, as_of: date) -> dict[str, Any]:
    counts = Installment.objects.filter(loan__listing__grade=grade, due_on__lt=as_of).aggregate(
        all=Count("pk"), on_time=Count("pk", filter=Q(paid_on__lte=F("due_on")))
    )
    lost = Loan.objects.filter(listing__grade=grade, state__in=["defaulted", "written_off"]).count()
    return {"on_time": Decimal(counts["on_time"]) / counts["all"] if counts["all"] else None, "lost": lost}


EXAMPLE: dict[str, Any] = {
    "principal": 100_000_00,
    "annual_rate": Decimal("0.096"),
    "months": 12,
    "origination": Decimal("0.008"),
    "servicing": Decimal("0.006"),
    "share": 1_000_00,
}


@lru_cache(maxsize=1)
def worked_example() -> dict[str, Any]:
    """One loan by the schedule and cost engines: what the borrower pays, what a holder of a share gets."""
    terms = schedule.Terms(method="equal_installment", principal=EXAMPLE["principal"], annual_rate=EXAMPLE["annual_rate"], periods=EXAMPLE["months"])
    plan = schedule.build(terms)
    fee = int(EXAMPLE["principal"] * EXAMPLE["origination"])
    share = Fraction(EXAMPLE["share"], EXAMPLE["principal"])
    before = [EXAMPLE["principal"], *(row.balance_after for row in plan.installments[:-1])]
    serviced = sum(round(balance * Fraction(str(EXAMPLE["servicing"])) / 12) for balance in before)
    return {
        "example": EXAMPLE,
        "currency": settings.DEFAULT_CURRENCY,
        "fee": fee,
        "paid_out": EXAMPLE["principal"] - fee,
        "monthly": plan.installments[0].total,
        "interest": plan.totals.interest,
        "total": plan.totals.total,
        "cost": plan.totals.interest + fee,
        "apr": apr.cost_of_credit(terms=terms, schedule=plan, paid_out=EXAMPLE["principal"] - fee),
        "share_interest": round(plan.totals.interest * share),
        "share_fee": round(serviced * share),
        "share_net": round((plan.totals.interest - serviced) * share),
        "share_back": round((plan.totals.total - serviced) * share),
        "chart_rows": [
            {"label": str(row.number), "tick": str(row.number), "values": {"principal": row.principal, "interest": row.interest}} for row in plan.installments
        ],
    }
