"""What an investor owns: the figures, the holdings, the months."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.api.endpoint import Endpoint, reads
from core import business_day
from core.api.fields import Amount, Moment, Reference, Reply
from marketplace import portfolio as portfolios
from marketplace import results


class Overview(Reply):
    """The portfolio in one currency, in minor units. `late` and `defaulted` are parts of `at_work`; `earned` is interest less fees."""

    currency = serializers.CharField()
    available = Amount()
    reserved = Amount()
    at_work = Amount()
    late = Amount()
    defaulted = Amount()
    principal_back = Amount()
    interest = Amount()
    fees_paid = Amount()
    earned = Amount()
    loans = serializers.IntegerField()


class Result(Reply):
    """What the portfolio has come to, in minor units of `currency`; losses are taken at once.

    Rates a year are fractions, from 90 days on; `why` says why they are missing.
    """

    currency = serializers.CharField()
    first_line = serializers.CharField()
    put_in = Amount()
    came_back = Amount()
    worth = serializers.IntegerField()
    written_down = Amount()
    profit = serializers.IntegerField()
    xirr = serializers.CharField(allow_null=True)
    net_annualised = serializers.CharField(allow_null=True)
    why = serializers.CharField(allow_blank=True)
    shown_from = serializers.DateField(allow_null=True)


class Holding(Reply):
    """A share of one loan, in minor units of `currency`."""

    listing = Reference(source="loan.listing.reference")
    title = serializers.CharField(source="loan.listing.title")
    grade = serializers.CharField(source="loan.listing.grade")
    state = serializers.CharField(source="loan.state")
    days_late = serializers.IntegerField(source="loan.days_late")
    currency = serializers.CharField(source="loan.currency")
    amount = Amount()
    received_principal = Amount()
    received_interest = Amount()
    received_penalties = Amount()
    since = Moment(source="originated_at")


class Month(Reply):
    """What a calendar month brought, or is still due to bring if every installment is paid."""

    month = serializers.DateField()
    received = Amount()
    expected = Amount()


class Flow(Reply):
    """Money coming back by month, in minor units of `currency`."""

    currency = serializers.CharField()
    months = Month(many=True)


class PortfolioEndpoint(Endpoint):
    """The portfolio's figures."""

    invests = True

    @reads("portfolio", Overview, summary=_("My portfolio"))
    def get(self, request: Any) -> Any:
        return portfolios.overview(self.party, currency=settings.DEFAULT_CURRENCY)


class ResultEndpoint(Endpoint):
    """Gained or lost."""

    invests = True

    @reads("result", Result, summary=_("What my portfolio has gained or lost"))
    def get(self, request: Any) -> Any:
        found = results.of(self.party, currency=settings.DEFAULT_CURRENCY, as_of=business_day.current())
        plain = found.plain
        told = {name: getattr(plain, name) for name in ("put_in", "came_back", "written_down", "why", "shown_from")}
        told |= {name: int(getattr(plain, name)) for name in ("worth", "profit")}
        told |= {name: _rate(getattr(plain, name)) for name in ("xirr", "net_annualised")}
        return {"currency": found.currency, "first_line": results.first_line(found), **told}


def _rate(rate: Decimal | None) -> str | None:
    return None if rate is None else f"{rate:.12f}"


class HoldingsEndpoint(Endpoint):
    """What the party owns."""

    invests = True

    @reads("holdings", Holding, summary=_("My holdings"), order=("-originated_at", "-pk"))
    def get(self, request: Any) -> Any:
        return portfolios.holdings(self.party)


class MonthsEndpoint(Endpoint):
    """Cash flow by month."""

    invests = True

    @reads("months", Flow, summary=_("Money coming back, by month"))
    def get(self, request: Any) -> Any:
        since, until = portfolios.window(business_day.current())
        currency = settings.DEFAULT_CURRENCY
        return {"currency": currency, "months": portfolios.months(self.party, currency=currency, since=since, until=until)}
