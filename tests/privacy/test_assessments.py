"""A feature without a live impact assessment is off."""

from datetime import timedelta

import pytest

from privacy import assessments
from privacy.models import ImpactAssessment


@pytest.mark.parametrize("feature", ["automated_decision", "identity", "listing_disclosure"])
def test_every_shipped_text_can_be_signed_and_is_live_for_a_year(db, dan, now, feature):
    assert feature in assessments.features()
    assert assessments.status(feature, now=now) == "missing"
    signed = assessments.sign(feature, by=dan, now=now)
    assert signed.version == 1
    assert assessments.status(feature, now=now) == "live"
    assert assessments.status(feature, now=now + timedelta(days=365)) == "expired"


def test_outside_the_sandbox_nobody_signs_by_themselves(db, now, settings):
    settings.SIGNED_PACKS_SANDBOX = False
    with pytest.raises(assessments.FeatureOff):
        assessments.require("identity", now=now)
    assert not ImpactAssessment.objects.exists()


def test_in_the_sandbox_the_first_use_signs_and_an_old_signature_is_not_renewed(db, now):
    assessments.require("identity", now=now)
    assert ImpactAssessment.objects.get().signed_by is None
    with pytest.raises(assessments.FeatureOff):
        assessments.require("identity", now=now + timedelta(days=366))


def test_when_the_fields_change_the_assessment_is_stale(db, dan, now, monkeypatch):
    assessments.sign("automated_decision", by=dan, now=now)
    real = assessments.tags
    monkeypatch.setattr(assessments, "tags", lambda purposes: [*real(purposes), ["loans.BorrowerFile.blood_group", "household", "P2", "loan_file"]])
    assert assessments.status("automated_decision", now=now) == "stale"
    with pytest.raises(assessments.FeatureOff):
        assessments.require("automated_decision", now=now)
    assert assessments.sign("automated_decision", by=dan, now=now).version == 2
    assert assessments.status("automated_decision", now=now) == "live"


def test_applying_is_switched_off_with_it(db, now):
    from loans import application as applications
    from tests import cast, stories

    draft = stories.draft(cast.alice(), amount=5_000_000, term_months=12, now=now)
    assessments.sign("automated_decision", by=None, now=now - timedelta(days=400))
    with pytest.raises(applications.UnableToApply) as caught:
        applications.submit(draft, by=draft.created_by, as_of=now.date(), now=now)
    assert caught.value.code == "feature_off"
    draft.refresh_from_db()
    assert draft.state == "draft"
