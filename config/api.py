"""The API's root: which address is which endpoint, its schema, and what answers where there is nothing."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.views import APIView

import core.converters  # noqa: F401  # <reference:…> in the addresses below
from accounts.api import me
from accounts.api.endpoint import speak
from loans.api import application, loan, offer
from marketplace.api import compare, listing, mandate, pledge, portfolio, run, sale, saved_search
from payments.api import wallet

app_name = "api"


class Nothing(APIView):
    """Every address under /api/ that is none of ours."""

    schema = None
    authentication_classes = ()
    permission_classes = ()

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        speak(request)
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
    path("listings/compare/", compare.CompareEndpoint.as_view(), name="compare"),
    path("listings/<reference:reference>/", listing.ListingEndpoint.as_view(), name="listing"),
    path("listings/<reference:reference>/pledges/", pledge.PlaceEndpoint.as_view(), name="place"),
    path("pledges/", pledge.PledgesEndpoint.as_view(), name="pledges"),
    path("pledges/<reference:reference>/", pledge.PledgeEndpoint.as_view(), name="pledge"),
    path("pledges/<reference:reference>/cancel/", pledge.CancelEndpoint.as_view(), name="cancel"),
    path("searches/", saved_search.SearchesEndpoint.as_view(), name="searches"),
    path("searches/<reference:reference>/end/", saved_search.EndSearchEndpoint.as_view(), name="search_end"),
    path("mandates/", mandate.MandatesEndpoint.as_view(), name="mandates"),
    path("mandates/<reference:reference>/", mandate.MandateEndpoint.as_view(), name="mandate"),
    path("mandates/<reference:reference>/preview/", mandate.MandatePreviewEndpoint.as_view(), name="mandate_preview"),
    path("mandates/<reference:reference>/<slug:verb>/", mandate.MandateActEndpoint.as_view(), name="mandate_act"),
    path("runs/", run.RunsEndpoint.as_view(), name="runs"),
    path("runs/next/", run.ComingRunEndpoint.as_view(), name="run_next"),
    path("runs/<reference:reference>/", run.RunEndpoint.as_view(), name="run"),
    path("runs/<reference:reference>/mine/", run.ProofEndpoint.as_view(), name="proof"),
    path("portfolio/", portfolio.PortfolioEndpoint.as_view(), name="portfolio"),
    path("portfolio/result/", portfolio.ResultEndpoint.as_view(), name="result"),
    path("portfolio/holdings/", portfolio.HoldingsEndpoint.as_view(), name="holdings"),
    path("portfolio/holdings/<reference:reference>/sell/", sale.SellEndpoint.as_view(), name="sell"),
    path("portfolio/sales/", sale.OwnSalesEndpoint.as_view(), name="own_sales"),
    path("portfolio/months/", portfolio.MonthsEndpoint.as_view(), name="months"),
    path("sales/", sale.SalesEndpoint.as_view(), name="sales"),
    path("sales/<reference:reference>/", sale.SaleEndpoint.as_view(), name="sale"),
    path("sales/<reference:reference>/buy/", sale.BuyEndpoint.as_view(), name="sale_buy"),
    path("sales/<reference:reference>/cancel/", sale.CancelSaleEndpoint.as_view(), name="sale_cancel"),
    path("purchases/<reference:reference>/", sale.PurchaseEndpoint.as_view(), name="purchase"),
    path("applications/", application.ApplicationsEndpoint.as_view(), name="applications"),
    path("applications/<reference:reference>/", application.ApplicationEndpoint.as_view(), name="application"),
    path("applications/<reference:reference>/reasons/", application.ReasonsEndpoint.as_view(), name="reasons"),
    path("applications/<reference:reference>/project/", application.ProjectEndpoint.as_view(), name="project"),
    path("applications/<reference:reference>/funds/", application.FundsEndpoint.as_view(), name="funds"),
    path("applications/<reference:reference>/background/", application.BackgroundEndpoint.as_view(), name="background"),
    path("applications/<reference:reference>/repayment/", application.RepaymentEndpoint.as_view(), name="repayment"),
    path("applications/<reference:reference>/finances/", application.FinancesEndpoint.as_view(), name="finances"),
    path("applications/<reference:reference>/privacy/", application.PrivacyEndpoint.as_view(), name="privacy"),
    path("applications/<reference:reference>/documents/", application.DocumentsEndpoint.as_view(), name="documents"),
    path("applications/<reference:reference>/submit/", application.SubmitEndpoint.as_view(), name="submit"),
    path("applications/<reference:reference>/withdraw/", application.WithdrawEndpoint.as_view(), name="withdraw"),
    path("documents/<reference:reference>/", application.DocumentEndpoint.as_view(), name="document"),
    path("offers/", offer.OffersEndpoint.as_view(), name="offers"),
    path("offers/<reference:reference>/", offer.OfferEndpoint.as_view(), name="offer"),
    path("offers/<reference:reference>/sign/", offer.SignEndpoint.as_view(), name="sign"),
    path("offers/<reference:reference>/decline/", offer.DeclineEndpoint.as_view(), name="decline"),
    path("loans/", loan.LoansEndpoint.as_view(), name="loans"),
    path("loans/<reference:reference>/", loan.LoanEndpoint.as_view(), name="loan"),
    path("loans/<reference:reference>/schedule/", loan.ScheduleEndpoint.as_view(), name="schedule"),
    path("loans/<reference:reference>/repayments/", loan.RepaymentsEndpoint.as_view(), name="repayments"),
    path("loans/<reference:reference>/settlement/", loan.SettlementEndpoint.as_view(), name="settlement"),
]
urlpatterns = [
    path("v1/", include(v1)),
    path("v1/schema/", SpectacularJSONAPIView.as_view(authentication_classes=(), permission_classes=()), name="schema"),
    re_path("", Nothing.as_view(), name="nothing"),
]
