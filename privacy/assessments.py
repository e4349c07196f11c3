"""Impact assessments that switch features: without a live one, the feature is off (PIPL 55, 56).

The texts we ship are in assessment_texts/. In the sandbox a shipped text counts as signed when the feature is first used; elsewhere a person signs it.
An assessment is live until it expires or the code's field tags under its purposes change: then somebody has to think again.
"""

import hashlib
import tomllib
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from . import kinds, purposes, seals
from .fields import encrypted_fields
from .models import DataSubject, ImpactAssessment

TEXTS = Path(__file__).parent / "assessment_texts"
GOOD_DAYS = 365
STATES = {"live": _("in force"), "missing": _("not signed yet"), "expired": _("run out"), "stale": _("older than the data it covers")}


class FeatureOff(Exception):
    """The feature has no live impact assessment: missing, expired, or older than the data it covers."""

    code = "feature_off"
    message = _("This is switched off until its impact assessment is renewed. Nothing was recorded.")


def features() -> list[str]:
    """Features that need an assessment: those with a text."""
    return sorted(path.stem for path in TEXTS.glob("*.toml"))


@cache
def _text(feature: str) -> dict[str, Any]:
    return tomllib.loads((TEXTS / f"{feature}.toml").read_text(encoding="utf-8"))


def tags(purposes: list[str]) -> list[list[str]]:
    """Every personal field processed for these purposes, as the code tags it: model.field, kind, class, retention."""
    found = [field for model in apps.get_models() for field in encrypted_fields(model).values()]
    return sorted(
        [f"{field.model._meta.label}.{field.name}", field.kind, kinds.KINDS[field.kind].klass, field.retention] for field in found if field.purpose in purposes
    )


def _fingerprint(purposes: list[str]) -> str:
    return hashlib.sha256(seals.canonical(tags(purposes))).hexdigest()


def status(feature: str, *, now: datetime) -> str:
    """live | missing | expired | stale."""
    last = ImpactAssessment.objects.filter(feature=feature).order_by("-version").first()
    if last is None:
        return "missing"
    if last.expires_at <= now:
        return "expired"
    return "live" if last.fields_sha256 == _fingerprint(last.purposes) else "stale"


def require(feature: str, *, now: datetime) -> None:
    """Passes when the feature's assessment is live. Raises FeatureOff. In the sandbox the shipped text is signed at first use."""
    found = status(feature, now=now)
    if found == "missing" and settings.SIGNED_PACKS_SANDBOX:
        sign(feature, by=None, now=now)
        return
    if found != "live":
        raise FeatureOff(f"{feature}: {found}")


def is_on(feature: str, *, now: datetime) -> bool:
    """Whether it may be used; where a part is left out that nobody has to be told of."""
    try:
        require(feature, now=now)
    except FeatureOff:
        return False
    return True


def label(feature: str) -> str:
    """The feature in the reader's language."""
    return str(_("Asking data sources")) if feature == "sources" else purposes.label(feature)


def text(feature: str) -> dict[str, str]:
    """What is signed: lawful, impact, measures."""
    return {name: _text(feature)[name] for name in ("lawful", "impact", "measures")}


def sign(feature: str, *, by: DataSubject | None, now: datetime) -> ImpactAssessment | None:
    """Sign the shipped text as the next version, good for a year. Of two at once, one does it; the other gets None."""
    text = _text(feature)
    last = ImpactAssessment.objects.filter(feature=feature).order_by("-version").first()
    try:
        with transaction.atomic():
            return ImpactAssessment.objects.create(
                feature=feature,
                version=last.version + 1 if last else 1,
                purposes=text["purposes"],
                lawful=text["lawful"],
                impact=text["impact"],
                measures=text["measures"],
                fields_sha256=_fingerprint(text["purposes"]),
                signed_by=by,
                signed_at=now,
                expires_at=now + timedelta(days=GOOD_DAYS),
            )
    except IntegrityError:
        return None
