"""Addresses of the privacy pages; hung under /privacy/."""

from django.urls import path

from . import breach_views, desk_views, policy_views, views

app_name = "privacy"
urlpatterns = [
    path("", views.centre, name="centre"),
    path("looks/", views.looks, name="looks"),
    path("export/", views.export, name="export"),
    path("consents/<slug:purpose>/", views.consent, name="consent"),
    path("consents/<slug:purpose>/withdraw/", views.withdraw, name="withdraw"),
    path("receipts/<str:receipt_id>/", views.receipt, name="receipt"),
    path("receipts/<str:receipt_id>/record/", views.receipt, {"form": "jsonld"}, name="record"),
    path("rights/", desk_views.requests, name="requests"),
    path("rights/ask/erase/", desk_views.ask_erase, name="ask_erase"),
    path("rights/ask/<slug:kind>/", desk_views.ask, name="ask"),
    path("rights/<str:reference>/", desk_views.request_, name="request"),
    path("rights/<str:reference>/appeal/", desk_views.appeal, name="appeal"),
    path("rights/<str:reference>/withdraw/", desk_views.take_back, name="take_back"),
    path("breaches/<str:reference>/", breach_views.breach, name="breach"),
    path("notices/", views.notice_list, name="notices"),
    path("notices/<slug:code>/", views.notice, name="notice"),
    path("rules/", policy_views.simulate, name="simulator"),
    path("attempts/", policy_views.attempts, name="attempts"),
    path("decisions/<str:reference>/", policy_views.decision, name="decision"),
    path("key/", views.public_key, name="key"),
]
