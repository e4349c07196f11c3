"""Up to four loans side by side, each as its own address shows it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.api.endpoint import Endpoint, reads
from core.api.fields import Reply
from core.api.problems import Problem
from marketplace import access, comparing
from marketplace.api.listing import ListingDetail
from marketplace.models import Listing


class CompareForm(forms.Form):
    """Loans by their references, with commas between, such as XQ-7K3F9Q2M,XQ-2M9Q3F7K; four at most."""

    loans = forms.CharField(max_length=60)


class Compared(Reply):
    """The loans in the order asked for; `missing` are those that are not there, or not any more."""

    loans = ListingDetail(many=True)
    missing = serializers.ListField(child=serializers.CharField())


class CompareEndpoint(Endpoint):
    """Loans side by side."""

    invests = True

    @reads("compare", Compared, summary=_("Loans side by side"), description=_("Each look is logged, and the borrowers see it."), query=CompareForm)
    def get(self, request: Any) -> Any:
        wanted = list(dict.fromkeys(filter(None, self.asked.cleaned_data.get("loans", "").split(","))))
        if not 1 <= len(wanted) <= comparing.MOST:
            raise Problem(400, "bad_parameter", _("A parameter has no such value: %(names)s") % {"names": "loans"})
        found = {reference: self._seen(reference) for reference in wanted}
        return {"loans": [one for one in found.values() if one], "missing": [reference for reference, one in found.items() if one is None]}

    def _seen(self, reference: str) -> Listing | None:
        """Noted as a look of its own; None if it is not there."""
        try:
            listing = access.visible(reference, user=self.user, party=self.party)
        except Http404:
            return None
        access.note(listing, user=self.user, page="api.compare", now=timezone.now())
        return listing
