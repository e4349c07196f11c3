"""Addresses of the privacy pages; hung under /privacy/."""

from django.urls import path

from . import policy_views, views

app_name = "privacy"
urlpatterns = [
    path("", views.centre, name="centre"),
    path("looks/", views.looks, name="looks"),
    path("export/", views.export, name="export"),
    path("consents/<slug:purpose>/", views.consent, name="consent"),
    path("consents/<slug:purpose>/withdraw/", views.withdraw, name="withdraw"),
    path("receipts/<str:receipt_id>/", views.receipt, name="receipt"),
    path("receipts/<str:receipt_id>/record/", views.receipt, {"form": "jsonld"}, name="record"),
    path("notices/", views.notice_list, name="notices"),
    path("notices/<slug:code>/", views.notice, name="notice"),
    path("rules/", policy_views.simulate, name="simulator"),
    path("key/", views.public_key, name="key"),
]
