"""What a person chooses about mail: each kind on or off, and quiet hours."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from notifications import preferences
from notifications.catalogue import KINDS
from notifications.models import Preference

HOURS = [(hour, f"{hour:02d}:00") for hour in range(24)]


class PreferenceForm(forms.Form):
    """A box for each kind; those that always come are shown, ticked and cannot be changed."""

    quiet = forms.BooleanField(label=_("No mail at night"), required=False, help_text=_("By the clock where you are. What is about safety comes at once."))
    quiet_from = forms.TypedChoiceField(label=pgettext_lazy("hour", "From"), choices=HOURS, coerce=int)
    quiet_until = forms.TypedChoiceField(label=pgettext_lazy("hour", "Until"), choices=HOURS, coerce=int)

    def __init__(self, *args: Any, preference: Preference, **kwargs: Any) -> None:
        kwargs["initial"] = {"quiet": preference.quiet, "quiet_from": preference.quiet_from, "quiet_until": preference.quiet_until}
        super().__init__(*args, **kwargs)
        for code, kind in KINDS.items():
            self.fields[f"mail_{code}"] = forms.BooleanField(
                label=kind.label, help_text=kind.help, required=False, disabled=kind.fixed, initial=preferences.wants_mail(preference, code)
            )
        self.order_fields([f"mail_{code}" for code in KINDS])

    def mail(self) -> dict[str, bool]:
        return {code: self.cleaned_data[f"mail_{code}"] for code in KINDS}
