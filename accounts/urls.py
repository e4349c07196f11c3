"""Addresses of the pages about oneself."""

from django.urls import path

from . import token_views, views

app_name = "accounts"
urlpatterns = [
    path("", views.settings, name="settings"),
    path("start/", views.onboarding, name="onboarding"),
    path("start/sides/", views.sides, name="sides"),
    path("start/identity/", views.identity, name="identity"),
    path("switch/", views.switch, name="switch"),
    path("parties/", views.parties, name="parties"),
    path("parties/new/", views.new_business, name="new_business"),
    path("parties/<str:reference>/", views.party, name="party"),
    path("parties/<str:reference>/end/", views.end_membership, name="end_membership"),
    path("invitations/<str:reference>/accept/", views.accept_invitation, name="accept_invitation"),
    path("invitations/<str:reference>/withdraw/", views.withdraw_invitation, name="withdraw_invitation"),
    path("tokens/", token_views.listed, name="tokens"),
    path("tokens/new/", token_views.new, name="new_token"),
    path("tokens/<str:reference>/revoke/", token_views.revoke, name="revoke_token"),
]
