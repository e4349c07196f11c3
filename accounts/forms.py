"""What people fill in about themselves: signing up, sides, identity, business, members, settings."""

from datetime import date
from typing import Any
from zoneinfo import available_timezones

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from privacy.forms import ConsentField

from . import documents, identity, onboarding, tokens
from .models import LANGUAGES, IdentityCheck, Party, Role, User

NAME_LENGTH = 120


class SignupForm(AllauthSignupForm):
    """E-mail, password, language, and two notices asked in place, each on its own and neither answered beforehand."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, hint in (
            ("email", _("You sign in with it, and we write to it.")),
            ("password1", _("At least 12 characters. A few words are easier to keep than signs.")),
        ):
            self.fields[name].widget.attrs.pop("placeholder", None)
            self.fields[name].help_text = hint
        self.fields["email"].label = _("E-mail address")
        self.fields["language"] = forms.ChoiceField(label=_("Language"), choices=LANGUAGES, initial=get_language(), widget=forms.RadioSelect)
        self.fields["account"] = ConsentField(purpose="account", needed=True)
        self.fields["marketing"] = ConsentField(purpose="marketing")

    def try_save(self, request: HttpRequest) -> Any:
        """A known address costs what an unknown one costs, so that the time of the answer tells nothing either."""
        if self.account_already_exists:
            data = self.cleaned_data
            onboarding.rehearse(password=data["password1"], language=data["language"], answers=[data["account"], data["marketing"]], now=timezone.now())
        return super().try_save(request)

    def save(self, request: HttpRequest) -> Any:
        with transaction.atomic():
            return super().save(request)


class SidesForm(forms.Form):
    """Borrow, invest, or both."""

    borrows = forms.BooleanField(label=_("Borrow: apply for a loan"), required=False)
    invests = forms.BooleanField(label=_("Invest: lend to others"), required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not (data.get("borrows") or data.get("invests")):
            self.add_error("borrows", _("Choose at least one."))
        return data


class IdentityConsentForm(forms.Form):
    """A person's consent, alone on its screen, before anything of the document is typed."""

    consent = ConsentField(purpose="identity", needed=True)


class IdentityForm(forms.Form):
    """One document of a person, or the code of a business; full-width digits, spaces and hyphens are fine."""

    document = forms.ChoiceField(label=_("Document"), widget=forms.RadioSelect)
    legal_name = forms.CharField(label=_("Name as in the document"), max_length=NAME_LENGTH)
    number = forms.CharField(label=_("Number"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}))

    def __init__(self, *args: Any, party: Party, as_of: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.as_of = as_of
        business = party.kind == Party.Kind.BUSINESS
        allowed = identity.BUSINESS_DOCUMENTS if business else identity.PERSON_DOCUMENTS
        self.fields["document"].choices = [(document.value, document.label) for document in allowed]  # type: ignore[attr-defined]
        self.initial.setdefault("document", allowed[0].value)
        if business:
            self.fields["document"].widget = forms.HiddenInput()
            self.fields["legal_name"].label = _("Name as registered")
            self.fields["number"].label = IdentityCheck.Document.USCC.label

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("document") and data.get("number"):
            try:
                documents.read(data["document"], data["number"], as_of=self.as_of)
            except documents.InvalidDocument as error:
                self.add_error("number", forms.ValidationError(error.message, code=error.code))
        return data


class BusinessForm(forms.Form):
    name = forms.CharField(label=_("Name of the business"), max_length=NAME_LENGTH)


class InvitationForm(forms.Form):
    email = forms.EmailField(label=_("E-mail address"), help_text=_("The person signs in, or signs up, with this address and finds the invitation there."))
    role = forms.ChoiceField(label=_("What they may do"), choices=Role.choices, widget=forms.RadioSelect, initial=Role.VIEW)


class TokenForm(forms.Form):
    """What a program may do in the person's name, and until when."""

    name = forms.CharField(label=_("What is it for?"), max_length=60, help_text=_("A name for yourself, such as the program that will use it."))
    days = forms.TypedChoiceField(
        label=_("For how long"),
        choices=[(days, _("%(days)s days") % {"days": days}) for days in tokens.DAYS],
        coerce=int,
        initial=tokens.DAYS[0],
        widget=forms.RadioSelect,
    )
    may_write = forms.BooleanField(
        label=_("It may also act: pledge, repay, apply"),
        required=False,
        help_text=_("Without this it only reads. It never withdraws money and never signs: that takes you, in a browser."),
    )


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]
    """Language and time zone."""

    time_zone = forms.ChoiceField(label=_("Time zone"), choices=lambda: [(zone, zone) for zone in sorted(available_timezones()) if "/" in zone])

    class Meta:
        model = User
        fields = ("language", "time_zone")
        widgets = {"language": forms.RadioSelect}
