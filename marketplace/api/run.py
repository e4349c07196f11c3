"""Runs of the market: when, what each did, the file everybody may read, and one's own part with its proof."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.api.endpoint import Endpoint, reads
from core.api.fields import Amount, Moment, Reference, Reply
from loans import product
from marketplace import run as runs
from marketplace import run_proof


class ComingRun(Reply):
    """The run to come, with the commitment to the secret of its seed."""

    reference = Reference()
    due_at = Moment()
    state = serializers.CharField()
    commitment = serializers.CharField()


class RunRow(Reply):
    """A run that was booked. Amounts in minor units of `currency`."""

    reference = Reference()
    due_at = Moment()
    booked_at = Moment()
    currency = serializers.CharField()
    rule = serializers.CharField()
    commitment = serializers.CharField()
    secret = serializers.CharField()
    seed = serializers.CharField()
    input_sha256 = serializers.CharField(help_text=_("Of the input without its seed."))
    placed = Amount()
    dropped = serializers.DictField(child=serializers.IntegerField(), help_text=_("Matched and not booked, by reason, in minor units."))
    counts = serializers.DictField(child=serializers.IntegerField())


class RunDetail(RunRow):
    """One run with the file everybody may read, and how other rules would have done on the same market."""

    public = serializers.DictField()
    figures = serializers.DictField()


class ProofReply(Reply):
    """One's own part: `input` and `certificate` are the two files of `recompute match INPUT --check CERTIFICATE`."""

    run = Reference(source="run.reference")
    valid = serializers.BooleanField()
    level = serializers.SerializerMethodField(help_text=_("The filled share of idle cash, exactly."))
    placed = Amount()
    input = serializers.DictField()
    certificate = serializers.DictField()

    def get_level(self, proof: run_proof.Proof) -> str | None:
        return proof.own["level"] if proof.own else None


class ComingRunEndpoint(Endpoint):
    """The run to come."""

    @reads("run_next", ComingRun, summary=_("The next run"))
    def get(self, request: Any) -> Any:
        coming = runs.to_come(currency=product.STANDARD.currency)
        if coming is None:
            raise Http404
        return coming


class RunsEndpoint(Endpoint):
    """Runs that were booked."""

    @reads("runs", RunRow, summary=_("Past runs"), order=("-due_at", "-pk"))
    def get(self, request: Any) -> Any:
        return runs.past()


class RunEndpoint(Endpoint):
    """One run."""

    @reads("run", RunDetail, summary=_("One run"))
    def get(self, request: Any, reference: str) -> Any:
        return get_object_or_404(runs.past(), reference=reference)


class ProofEndpoint(Endpoint):
    """One's own part of a run."""

    invests = True

    @reads("run_proof", ProofReply, summary=_("My part of a run, with its proof"))
    def get(self, request: Any, reference: str) -> Any:
        found = run_proof.proof(get_object_or_404(runs.past(), reference=reference), self.party)
        if found is None:
            raise Http404
        return found
