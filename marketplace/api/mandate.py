"""Mandates: set, read, changed, started, stopped, deleted; and what they would find."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.api.endpoint import Endpoint, Made, reads, writes
from core.api import bodies, fields
from core.api.fields import Amount, Moment, Rate, Reference, Reply
from marketplace import mandate as mandates
from marketplace import mandate_words
from marketplace.mandate_forms import LIMITS, MandateForm
from marketplace.mandate_preview import preview
from marketplace.models import Mandate

SHARES = ("min_rate", "share_of_loan")


class LimitBody(fields.Body):
    """At most `share` of idle cash and everything held, in loans whose `attribute` is `value`."""

    attribute = fields.Choice(choices=list(LIMITS))
    value = fields.Text(max_length=20)
    share = fields.Rate()


class MandateBody(bodies.body_of(MandateForm)):  # type: ignore[misc]  # made from the form
    """What to fund, how much at most, what stays in the wallet. A criterion that is empty or absent takes any loan."""

    limits = LimitBody(many=True, required=False)


class LimitReply(Reply):
    """At most `share` of idle cash and everything held, in loans whose `attribute` is `value`."""

    attribute = serializers.CharField()
    value = serializers.CharField()
    share = serializers.CharField()


class MandateRow(Reply):
    """One mandate with the terms that stand. Amounts in minor units, rates and shares as fractions; an empty list takes any value."""

    reference = Reference()
    state = serializers.CharField()
    order = serializers.IntegerField(source="rank")
    version = serializers.IntegerField()
    created_at = Moment()
    running_since = Moment(allow_null=True)
    grades = serializers.ListField(child=serializers.CharField(), source="standing.grades")
    min_rate = Rate(source="standing.min_rate", allow_null=True)
    terms = serializers.ListField(child=serializers.IntegerField(), source="standing.terms")
    purposes = serializers.ListField(child=serializers.CharField(), source="standing.purposes")
    industries = serializers.ListField(child=serializers.CharField(), source="standing.industries")
    regions = serializers.ListField(child=serializers.CharField(), source="standing.regions")
    amounts = serializers.ListField(child=serializers.CharField(), source="standing.amounts")
    verifications = serializers.ListField(child=serializers.CharField(), source="standing.verifications")
    methods = serializers.ListField(child=serializers.CharField(), source="standing.methods")
    per_loan = Amount(source="standing.per_loan")
    per_borrower = Amount(source="standing.per_borrower", allow_null=True)
    share_of_loan = Rate(source="standing.share_of_loan", allow_null=True)
    limits = serializers.SerializerMethodField()
    keep_cash = Amount(source="standing.keep_cash")
    reinvest = serializers.BooleanField(source="standing.reinvest")
    plainly = serializers.SerializerMethodField(help_text=_("The same in words, line by line."))

    def to_representation(self, instance: Mandate) -> dict[str, Any]:
        instance.standing = mandates.terms_of(instance)  # type: ignore[attr-defined]
        return super().to_representation(instance)  # type: ignore[no-any-return]

    def get_limits(self, mandate: Any) -> LimitReply(many=True):  # type: ignore[valid-type]  # read by the schema
        return [{"attribute": attribute, "value": value, "share": share} for attribute, value, share in mandate.standing.limits]

    def get_plainly(self, mandate: Any) -> list[str]:
        return list(mandate_words.everything(mandate.standing))


class PreviewReply(Reply):
    """What the terms would find, in minor units. `low` to `high`: expected a year after fee and expected loss, for four in five of the loans that fit."""

    live = serializers.IntegerField()
    open_amount = Amount()
    past = serializers.IntegerField(help_text=_("Loans of the last 90 days that would have fitted."))
    listed = serializers.IntegerField(help_text=_("Loans of the last 90 days in all."))
    low = Rate(allow_null=True)
    high = Rate(allow_null=True)
    could_place = Amount()
    idle = Amount()


def _terms(body: dict[str, Any]) -> dict[str, Any]:
    """The page's own form judges; fractions come as decimals."""
    limits = body.get("limits", [])
    unknown = [row["value"] for row in limits if row["value"] not in {str(value) for value, _words in LIMITS[row["attribute"]]}]
    if unknown:
        raise serializers.ValidationError({"limits": [_("There is no such value: %(value)s") % {"value": unknown[0]}]})
    shares = {name: Decimal(body[name]) for name in SHARES if body.get(name) is not None}
    named = {f"most_{row['attribute']}_{row['value']}": Decimal(row["share"]) for row in limits}
    form = MandateForm(bodies.data_of(MandateForm, body) | shares | named)
    bodies.cleaned(form)
    return form.terms_given()


class MandatesEndpoint(Endpoint):
    """Mandates of the acting party."""

    invests = True

    @reads("mandates", MandateRow, summary=_("My mandates"), order=("rank", "pk"))
    def get(self, request: Any) -> Any:
        return mandates.of(self.party)

    @writes(
        "mandate_new",
        MandateRow,
        summary=_("Set a mandate"),
        description=_("Kept stopped: start it by a call of its own. You can lose all of what it lends."),
        body=MandateBody,
        status=201,
        refuses=mandates.UnableToMandate,
    )
    def post(self, request: Any, body: dict[str, Any]) -> Any:
        made = mandates.create(party=self.party, by=self.user, terms=_terms(body), now=timezone.now())
        return Made(made, reverse("api:mandate", args=[made.reference]))


class _OneMandate(Endpoint):
    invests = True

    def own(self, reference: str) -> Mandate:
        return get_object_or_404(mandates.of(self.party), reference=reference)


class MandateEndpoint(_OneMandate):
    """One mandate."""

    @reads("mandate", MandateRow, summary=_("One mandate"))
    def get(self, request: Any, reference: str) -> Any:
        return self.own(reference)

    @writes(
        "mandate_change",
        MandateRow,
        summary=_("Change a mandate"),
        description=_("All terms at once, as the next version. A run under way keeps to the version it began with."),
        body=MandateBody,
        refuses=mandates.UnableToMandate,
    )
    def put(self, request: Any, body: dict[str, Any], reference: str) -> Any:
        own = self.own(reference)
        mandates.change(own, by=self.user, terms=_terms(body), now=timezone.now())
        return own


class MandatePreviewEndpoint(_OneMandate):
    """What a mandate would find."""

    @reads("mandate_preview", PreviewReply, summary=_("What a mandate would find"))
    def get(self, request: Any, reference: str) -> Any:
        return preview(mandates.terms_of(self.own(reference)), party=self.party, now=timezone.now())


class MandateActEndpoint(_OneMandate):
    """Starting, stopping and deleting."""

    @writes(
        "mandate_act",
        MandateRow,
        summary=_("Start, stop or delete a mandate"),
        description=_("The last part of the address says which: start, stop, delete."),
        refuses=mandates.UnableToMandate,
    )
    def post(self, request: Any, body: dict[str, Any], reference: str, verb: str) -> Any:
        own = self.own(reference)
        if verb not in mandates.ACTS:
            raise Http404
        mandates.ACTS[verb](own, by=self.user, now=timezone.now())
        return own
