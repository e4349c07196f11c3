"""The API's root: which address is which endpoint, its schema, and what answers where there is nothing."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.views import APIView

import core.converters  # noqa: F401  # <reference:…> in the addresses below
from accounts.api import me
from marketplace.api import listing, pledge, portfolio
from payments.api import wallet

app_name = "api"


class Nothing(APIView):
    """Every address under /api/ that is none of ours."""

    schema = None
    authentication_classes = ()
    permission_classes = ()

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        raise Http404


v1 = [
    path("me/", me.MeEndpoint.as_view(), name="me"),
    path("parties/", me.PartiesEndpoint.as_view(), name="parties"),
    path("wallet/", wallet.WalletEndpoint.as_view(), name="wallet"),
    path("wallet/statement/", wallet.StatementEndpoint.as_view(), name="statement"),
    path("wallet/deposit/", wallet.DepositEndpoint.as_view(), name="deposit"),
    path("wallet/withdrawals/", wallet.WithdrawalEndpoint.as_view(), name="withdrawals"),
    path("wallet/bank-accounts/", wallet.BankAccountsEndpoint.as_view(), name="bank_accounts"),
    path("wallet/payments/<reference:reference>/", wallet.PaymentEndpoint.as_view(), name="payment"),
    path("listings/", listing.ListingsEndpoint.as_view(), name="listings"),
    path("listings/<reference:reference>/", listing.ListingEndpoint.as_view(), name="listing"),
    path("listings/<reference:reference>/pledges/", pledge.PlaceEndpoint.as_view(), name="place"),
    path("pledges/", pledge.PledgesEndpoint.as_view(), name="pledges"),
    path("pledges/<reference:reference>/", pledge.PledgeEndpoint.as_view(), name="pledge"),
    path("pledges/<reference:reference>/cancel/", pledge.CancelEndpoint.as_view(), name="cancel"),
    path("portfolio/", portfolio.PortfolioEndpoint.as_view(), name="portfolio"),
    path("portfolio/holdings/", portfolio.HoldingsEndpoint.as_view(), name="holdings"),
    path("portfolio/months/", portfolio.MonthsEndpoint.as_view(), name="months"),
]
urlpatterns = [
    path("v1/", include(v1)),
    path("v1/schema/", SpectacularJSONAPIView.as_view(authentication_classes=(), permission_classes=()), name="schema"),
    re_path("", Nothing.as_view(), name="nothing"),
]
