"""What people type about money and accounts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from core.forms import IdField, MoneyField
from payments import bank_account, wallet
from payments.models import BankAccount

DEPOSIT_MAX = 10_000_000_00  # one sandbox deposit, minor units


class AccountChoice(forms.ModelChoiceField):
    """One of the party's confirmed accounts, shown by its last digits."""

    def label_from_instance(self, account: BankAccount) -> str:
        return _("Account ending %(last4)s") % {"last4": account.last4}


class WithdrawalForm(forms.Form):
    """How much, and to which account."""

    amount = MoneyField(label=_("Amount"))
    account = AccountChoice(
        label=_("To which account"), queryset=BankAccount.objects.none(), to_field_name="reference", empty_label=None, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, party: Party, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.overview = wallet.overview(party)
        amount, account = self.fields["amount"], self.fields["account"]
        assert isinstance(amount, MoneyField)
        assert isinstance(account, AccountChoice)
        amount.max_value = self.overview.available
        amount.error_messages["max_value"] = _("You have %(limit)s available.")
        account.queryset = bank_account.usable(party)
        account.initial = account.queryset.first() if account.queryset.count() == 1 else None


class DepositForm(forms.Form):
    """Sandbox: what the pretended payer sends."""

    amount = MoneyField(label=_("Amount"), max_value=DEPOSIT_MAX)


class BankAccountForm(forms.Form):
    """A card number and whose it is."""

    holder = forms.CharField(
        label=_("Account holder"),
        max_length=100,
        help_text=_("Your verified name, exactly as on the identity document."),
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    number = IdField(label=_("Card number"), help_text=_("16 to 19 digits. It is sealed when stored; afterwards only the last four are shown."))

    def clean_number(self) -> str:
        try:
            return bank_account.clean_number(self.cleaned_data["number"])
        except bank_account.InvalidNumber as error:
            raise forms.ValidationError(error.message, code=error.code) from error


class MatchForm(forms.Form):
    """Staff: whose money an unmatched receipt is, or nobody's: back to its sender."""

    party = forms.ModelChoiceField(
        label=_("Party"),
        queryset=Party.objects.filter(subject__erased_at=None),
        to_field_name="reference",
        required=False,
        widget=forms.TextInput,
        help_text=_("Its reference, such as PT-7K3F9Q2M"),
    )
    back = forms.BooleanField(label=_("Nobody’s: return it to the sender"), required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if "party" in data and bool(data.get("party")) == bool(data.get("back")):
            self.add_error("party", _("Name the party, or return it to the sender."))
        return data
