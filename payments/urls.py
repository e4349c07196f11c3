"""Addresses of the wallet."""

from django.urls import path

from . import views

app_name = "payments"
urlpatterns = [
    path("", views.wallet, name="wallet"),
    path("deposit/", views.make_deposit, name="deposit"),
    path("withdraw/", views.withdraw, name="withdraw"),
    path("withdraw/confirm/", views.withdraw_confirm, name="withdraw_confirm"),
    path("accounts/", views.bank_accounts, name="bank_accounts"),
    path("accounts/new/", views.add_bank_account, name="add_bank_account"),
    path("accounts/<str:reference>/retire/", views.retire_account, name="retire_account"),
    path("payments/<str:reference>/", views.payment, name="payment"),
]
