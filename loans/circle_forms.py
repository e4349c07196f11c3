"""Naming somebody: a relationship and what may be asked, each use by itself, none chosen. There is no field for a number."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from privacy.circle_records import Relationship


class CircleForm(forms.Form):
    relationship = forms.ChoiceField(label=_("Who is it to you?"), choices=[("", _("Choose")), *Relationship.choices])
    scopes = forms.MultipleChoiceField(
        label=_("What may we ask this person, if they agree too?"),
        choices=[
            ("reference", _("To confirm one fact about me")),
            ("locate", _("How I can be reached, if I have been silent everywhere for a long time")),
            ("relay", _("To pass on one fixed sentence: “Please call Xinqiao”")),
        ],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one, or name nobody: that is fine too")},
    )
