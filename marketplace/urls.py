"""Addresses of the market."""

from django.urls import path

from marketplace.views import listing, plan, pledge, portfolio

app_name = "marketplace"
urlpatterns = [
    path("market/", listing.listings, name="listings"),
    path("market/<str:reference>/", listing.listing, name="listing"),
    path("market/<str:reference>/figures/", listing.figures, name="figures"),
    path("market/<str:reference>/pledge/", pledge.pledge, name="pledge"),
    path("pledges/<str:reference>/", pledge.receipt, name="receipt"),
    path("pledges/<str:reference>/cancel/", pledge.cancel, name="cancel"),
    path("portfolio/", portfolio.portfolio, name="portfolio"),
    path("portfolio/plans/<str:reference>/", plan.plan, name="plan"),
    path("portfolio/plans/<str:reference>/vote/", plan.cast, name="vote"),
]
