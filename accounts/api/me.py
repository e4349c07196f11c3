"""Oneself: the account, and the parties one acts for."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from rest_framework import serializers

from accounts import access, parties
from accounts.api.endpoint import Endpoint, reads
from accounts.models import Membership
from core.api.fields import Flag, Moment, Reference, Reply

TAG = pgettext_lazy("part of the API", "Account")


class Me(Reply):
    """The account that asks. `party` is the one acted for when no header names another; null before there is one."""

    pseudonym = serializers.CharField()
    language = serializers.CharField()
    time_zone = serializers.CharField()
    party = Reference(source="acting.reference", allow_null=True, default=None)


class PartyRow(Reply):
    """A party, and what you may do for it: view, prepare or sign."""

    reference = Reference(source="party.reference")
    kind = serializers.CharField(source="party.kind")
    role = serializers.CharField()
    borrows = Flag(source="party.borrows")
    invests = Flag(source="party.invests")
    verified_at = Moment(source="party.verified_at", allow_null=True)


class MeEndpoint(Endpoint):
    """The account that asks."""

    @reads("me", Me, summary=_("Who I am"), role="")
    def get(self, request: Any) -> Any:
        self.user.acting = access.acting_party(request, now=timezone.now())  # type: ignore[attr-defined]
        return self.user


class PartiesEndpoint(Endpoint):
    """Parties one acts for."""

    @reads("parties", PartyRow, summary=_("Parties I act for"), role="", order=("pk",))
    def get(self, request: Any) -> Any:
        mine = parties.for_user(self.user, now=timezone.now())
        return Membership.objects.filter(party__in=mine, user=self.user, ended_at=None).select_related("party")
