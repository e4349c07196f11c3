"""Searches a party keeps: the list, keeping one, ending one."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.api.endpoint import Endpoint, reads, writes
from accounts.models import Role
from core.api import bodies
from core.api.fields import Moment, Rate, Reference, Reply
from marketplace import access, forms, presenting
from marketplace import saved_search as searching

SearchBody = bodies.body_of(forms.SearchForm, filled=True)


class SearchRow(Reply):
    """What is looked for; a filter that is empty or null narrows nothing. `words` says it in your language."""

    reference = Reference()
    q = serializers.CharField()
    purpose = serializers.CharField()
    grade = serializers.CharField()
    term_max = serializers.IntegerField(allow_null=True)
    rate_min = Rate(allow_null=True)
    region = serializers.CharField()
    industry = serializers.CharField()
    words = serializers.SerializerMethodField()
    created_at = Moment()
    ended_at = Moment(allow_null=True)

    def get_words(self, saved: Any) -> str:
        return str(presenting.search_words(saved))


class SearchesEndpoint(Endpoint):
    """Searches of the acting party that are told about."""

    invests = True

    @reads("searches", SearchRow, summary=_("My saved searches"), order=("-created_at", "-pk"))
    def get(self, request: Any) -> Any:
        return searching.of(self.party)

    @writes(
        "search_save",
        SearchRow,
        summary=_("Save a search"),
        description=_("With the filters of the list of open loans. You are told once about each new loan that fits. What is saved already stays one."),
        body=SearchBody,
        role=Role.VIEW,
        refuses=searching.UnableToSave,
    )
    def post(self, request: Any, body: dict[str, Any]) -> Any:
        form = forms.SearchForm(bodies.data_of(forms.SearchForm, body))
        bodies.cleaned(form)
        return searching.save(form.wanted(), party=self.party, by=self.user, now=timezone.now())


class EndSearchEndpoint(Endpoint):
    """No more messages about a search."""

    invests = True

    @writes("search_end", SearchRow, summary=_("End a saved search"), role=Role.VIEW)
    def post(self, request: Any, body: dict[str, Any], reference: str) -> Any:
        searching.end(access.own_search(reference, party=self.party), now=timezone.now())
        return access.own_search(reference, party=self.party)
