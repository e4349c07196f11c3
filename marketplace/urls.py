"""Addresses of the market."""

from django.urls import path

from marketplace import views

app_name = "marketplace"
urlpatterns = [
    path("market/", views.listings, name="listings"),
    path("market/<str:reference>/", views.listing, name="listing"),
    path("market/<str:reference>/figures/", views.figures, name="figures"),
    path("market/<str:reference>/pledge/", views.pledge, name="pledge"),
    path("pledges/<str:reference>/", views.receipt, name="receipt"),
    path("pledges/<str:reference>/cancel/", views.cancel, name="cancel"),
    path("portfolio/", views.portfolio, name="portfolio"),
]
