"""What an investor owns: the figures, the holdings, the months."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.api.endpoint import Endpoint, reads
from core import business_day
from core.api.fields import Amount, Moment, Reference, Reply
from marketplace import portfolio as portfolios


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
