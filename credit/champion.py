"""Which model decides, and with which recalibration: what a person signed last. Until somebody signs, the shipped scorecard decides for everybody.

Whoever owns models proposes; somebody else, who owns none, signs with a reason. The monitoring may propose a recalibration; it cannot sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core import states
from core.refusals import Conflict
from credit import scorecard, serving
from credit.models import ModelChange
from credit.policy import Calibration
from privacy import shown

OWN, SIGN = "credit.propose_model", "credit.sign_model"
Kind, Segment = ModelChange.Kind, ModelChange.Segment


class UnableToChange(Conflict):
    """The change cannot be proposed or answered this way; `message` is for staff."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message  # type: ignore[assignment]


class NotAsSigned(Exception):
    """The model that should decide is not, byte for byte, the one that was signed for."""


def current(segment: str) -> str:
    """The model that decides for the segment. Raises NotAsSigned."""
    change = ModelChange.objects.filter(kind=Kind.PROMOTE, segment=segment, state="signed").order_by("-answered_at", "-pk").first()
    if change is None:
        return scorecard.CURRENT
    if serving.digest(change.model) != change.model_sha256:
        raise NotAsSigned(change.model)
    return change.model


def calibration(model: str) -> Calibration | None:
    """The recalibration in force for that very file of the model."""
    rows = ModelChange.objects.filter(kind=Kind.RECALIBRATE, model=model, model_sha256=serving.digest(model), state="signed")
    change = rows.order_by("-answered_at", "-pk").first()
    return None if change is None or change.intercept is None or change.slope is None else Calibration(change.intercept, change.slope)


def calibrations(model: str, sha256: str) -> list[tuple[datetime, Calibration]]:
    """Every recalibration that was ever in force for that file, the latest first, with the moment it came into force."""
    rows = ModelChange.objects.filter(kind=Kind.RECALIBRATE, model=model, model_sha256=sha256, state="signed").order_by("-answered_at", "-pk")
    return [(row.answered_at, Calibration(row.intercept, row.slope)) for row in rows if row.answered_at and row.intercept is not None and row.slope]


def owns(user: User, model: str) -> bool:
    """Whether somebody made the model or speaks for it, and so may not judge its decisions."""
    return user.has_perm(OWN) or ModelChange.objects.filter(model=model, proposed_by=user).exists()


@transaction.atomic
def propose_promotion(*, model: str, segment: str, why: str, evidence: Mapping[str, Any], by: User, now: datetime) -> ModelChange:
    """Ask that the model decide for a segment. Raises UnableToChange."""
    if model not in serving.names():
        raise UnableToChange("model", _("No such model may score an application."))
    if segment not in Segment.values:
        raise UnableToChange("segment", _("Choose for whom it shall decide."))
    if current(segment) == model:
        raise UnableToChange("current", _("It decides already."))
    return _propose(ModelChange(kind=Kind.PROMOTE, model=model, segment=segment, evidence=dict(evidence), why=why), by=by, now=now)


@transaction.atomic
def propose_recalibration(*, model: str, by_figures: Calibration, why: str, evidence: Mapping[str, Any], by: User | None, now: datetime) -> ModelChange:
    """Ask that the model's log-odds be moved and stretched. `by` None: the monitoring asks. Raises UnableToChange."""
    change = ModelChange(kind=Kind.RECALIBRATE, model=model, intercept=by_figures.intercept, slope=by_figures.slope, evidence=dict(evidence), why=why)
    return _propose(change, by=by, now=now)


def _propose(change: ModelChange, *, by: User | None, now: datetime) -> ModelChange:
    if not change.why.strip():
        raise UnableToChange("why", _("Write why."))
    if ModelChange.objects.filter(kind=change.kind, model=change.model, segment=change.segment, state="proposed").exists():
        raise UnableToChange("open", _("The same is proposed already and waits for an answer."))
    change.model_sha256, change.proposed_by, change.proposed_at = serving.digest(change.model), by, now
    change.save()
    if by is not None:
        audit.record(actor=by, action="model.propose", target=change.reference, now=now)
    return change


def sign(change: ModelChange, *, reason: str, by: User, now: datetime) -> None:
    """From now on it is so. Raises UnableToChange for an owner, without a reason, or when the file is no longer the one proposed."""
    if serving.digest(change.model) != change.model_sha256:
        raise UnableToChange("file", _("The model's file is no longer the one that was proposed."))
    _answer(change, "signed", reason=reason, by=by, now=now)


def refuse(change: ModelChange, *, reason: str, by: User, now: datetime) -> None:
    """Nothing changes; the reason stays."""
    _answer(change, "refused", reason=reason, by=by, now=now)


@transaction.atomic
def _answer(change: ModelChange, to: str, *, reason: str, by: User, now: datetime) -> None:
    if not reason.strip():
        raise UnableToChange("reason", _("Write the reason."))
    if owns(by, change.model):
        raise UnableToChange("owner", _("Whoever owns a model does not sign for it."))
    sealed = shown.sealed(change, "reason", reason.strip())
    states.move(change, to, now=now, by=by.pk, why=to, answered_by=by, answered_at=now, reason=sealed)
    audit.record(actor=by, action=f"model.{to}", target=change.reference, now=now)
