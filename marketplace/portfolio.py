"""An investor's portfolio: what is invested, where it stands, what came back. Every figure from the register and the books."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from accounts.models import Party
from ledger.chart import AccountCode
from ledger.queries import balance
from loans.models import Installment, Participation, Share
from marketplace.models import Pledge

LIVING = ("funded", "active", "late", "defaulted")


@dataclass(frozen=True)
class Overview:
    """Minor units. `at_work` is principal not yet repaid; `late` and `defaulted` are parts of it."""

    currency: str
    available: int
    reserved: int
    at_work: int
    late: int
    defaulted: int
    principal_back: int
    interest: int
    fees_paid: int
    loans: int

    @property
    def troubled(self) -> int:
        return self.late + self.defaulted

    @property
    def earned(self) -> int:
        """Interest and late charges after the servicing fee."""
        return self.interest - self.fees_paid


def overview(party: Party, *, currency: str) -> Overview:
    """The portfolio in one currency."""
    cash = balance(code=AccountCode.CLIENT_CASH, owner=party.ledger_owner, currency=currency)
    held = Participation.objects.filter(party=party, loan__currency=currency, ended_at=None)
    living = Q(loan__state__in=LIVING)
    sums = held.aggregate(
        put_in=_sum("amount", living),
        back=_sum("received_principal", living),
        late=_sum("amount", Q(loan__state="late")),
        late_back=_sum("received_principal", Q(loan__state="late")),
        lost=_sum("amount", Q(loan__state="defaulted")),
        lost_back=_sum("received_principal", Q(loan__state="defaulted")),
        loans=Count("pk", filter=living),
    )
    shares = Share.objects.filter(participation__party=party, repayment__loan__currency=currency).aggregate(
        principal=_sum("principal"), interest=_sum("interest"), penalties=_sum("penalties"), fees=_sum("servicing_fee")
    )
    return Overview(
        currency=currency,
        available=cash.available,
        reserved=cash.pending_out,
        at_work=sums["put_in"] - sums["back"],
        late=sums["late"] - sums["late_back"],
        defaulted=sums["lost"] - sums["lost_back"],
        principal_back=shares["principal"],
        interest=shares["interest"] + shares["penalties"],
        fees_paid=shares["fees"],
        loans=sums["loans"],
    )


def _sum(field: str | Combinable, where: Q | None = None) -> Coalesce:
    return Coalesce(Sum(field, filter=where), 0)


ORDER = Case(*(When(loan__state=state, then=place) for place, state in enumerate(("defaulted", "late", "active", "funded"))), default=9)


def holdings(party: Party) -> QuerySet[Participation]:
    """What the party owns, what needs attention first, with the loan, its listing and the next open installment (`next_due_on`, `next_amount`)."""
    open_rows = Installment.objects.filter(loan=OuterRef("loan"), paid_on=None).order_by("number")
    left = F("principal") - F("paid_principal") + F("interest") - F("paid_interest") - F("waived_interest")
    got = Share.objects.filter(participation=OuterRef("pk")).values("participation").annotate(total=Sum("net"))
    return (
        Participation.objects.filter(party=party, ended_at=None)
        .select_related("loan__listing", "loan__file")
        .annotate(
            came_back=Coalesce(Subquery(got.values("total")[:1]), 0),
            next_due_on=Subquery(open_rows.values("due_on")[:1]),
            next_amount=Subquery(open_rows.annotate(left=left).values("left")[:1]) * F("amount") / F("loan__principal"),
            still_held=F("amount") - F("received_principal"),
        )
        .order_by(ORDER, "-loan__days_late", "next_due_on", "-pk")
    )


BUCKETS = (("active", 0, 0), ("late_30", 1, 30), ("late_60", 31, 60), ("late_90", 61, 10**6))


def status_mix(party: Party, *, currency: str) -> dict[str, int]:
    """Principal still owed to the party by state: on schedule, late by 1–30, 31–60 and more days, in default. Minor units."""
    living = Participation.objects.filter(party=party, loan__currency=currency, loan__state__in=LIVING)
    left = F("amount") - F("received_principal")
    sums = {code: _sum(left, Q(loan__days_late__range=(low, high)) & ~Q(loan__state="defaulted")) for code, low, high in BUCKETS}
    return living.aggregate(**sums, defaulted=_sum(left, Q(loan__state="defaulted")))


def largest(party: Party, *, currency: str) -> Decimal | None:
    """The share of all principal still owed that stands with one borrower, at the most; None when nothing is owed."""
    left = F("amount") - F("received_principal")
    sums = (
        Participation.objects.filter(party=party, loan__currency=currency, loan__state__in=LIVING, ended_at=None).values("loan__party").annotate(left=Sum(left))
    )
    owed = [one for one in sums.values_list("left", flat=True) if one]
    return Decimal(max(owed)) / sum(owed) if owed else None


def pledges(party: Party) -> QuerySet[Pledge]:
    """Pledges not yet turned into holdings, newest first."""
    return Pledge.objects.filter(party=party, state="reserved").select_related("listing").order_by("-pledged_at")


def window(today: date) -> tuple[date, date]:
    """The months a portfolio shows: two years back and two ahead."""
    return (today - timedelta(days=700)).replace(day=1), today + timedelta(days=730)


@dataclass(frozen=True)
class Due:
    """One installment as a holder sees it: `part` is the party's share of it, in minor units."""

    due_on: date
    part: int
    paid_on: date | None
    moved_on: date | None  # what was open of it went into a new plan that day


def schedule_of(holding: Participation) -> list[Due]:
    """The loan's installments in the order they fall due, with the holding's part of each, rounded down. One that was moved unpaid is none any more."""
    asked = [(row, row.principal + row.interest - row.waived_interest) for row in holding.loan.installments.order_by("due_on", "number")]
    whole = holding.loan.principal
    return [Due(row.due_on, amount * holding.amount // whole, row.paid_on, row.moved_on) for row, amount in asked if amount or row.moved_on is None]


@dataclass(frozen=True)
class Month:
    """What a calendar month brought, or is still due to bring: the party's part of each installment, in minor units."""

    month: date
    received: int
    expected: int


def months(party: Party, *, currency: str, since: date, until: date) -> list[Month]:
    """Cash flow by month, past and coming, from shares received and installments still open."""
    received: dict[date, int] = {}
    rows = Share.objects.filter(participation__party=party, repayment__loan__currency=currency, repayment__paid_on__range=(since, until))
    for paid_on, net in rows.values_list("repayment__paid_on", "net"):
        received[paid_on.replace(day=1)] = received.get(paid_on.replace(day=1), 0) + net
    expected: dict[date, int] = {}
    for due_on, amount in _open_parts(party, currency, since, until):
        expected[due_on.replace(day=1)] = expected.get(due_on.replace(day=1), 0) + amount
    return [Month(month, received.get(month, 0), expected.get(month, 0)) for month in _each_month(since, until)]


def _open_parts(party: Party, currency: str, since: date, until: date) -> list[tuple[date, int]]:
    """The party's part of every open installment, rounded down: an expectation, not a promise."""
    rows = Installment.objects.filter(
        loan__participations__party=party, loan__currency=currency, loan__state__in=("active", "late"), paid_on=None, due_on__range=(since, until)
    ).values_list("due_on", "principal", "paid_principal", "interest", "paid_interest", "waived_interest", "loan__participations__amount", "loan__principal")
    return [
        (due_on, (principal - paid_principal + interest - paid_interest - waived) * holding // whole)
        for due_on, principal, paid_principal, interest, paid_interest, waived, holding, whole in rows
    ]


def _each_month(since: date, until: date) -> list[date]:
    month, months_ = since.replace(day=1), []
    while month <= until:
        months_.append(month)
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return months_
