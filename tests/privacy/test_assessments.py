"""A feature without a live impact assessment is off."""

from datetime import timedelta

import pytest

from privacy import assessments
from privacy.models import ImpactAssessment


@pytest.mark.parametrize("feature", ["automated_decision", "circle", "hardship", "identity", "listing_disclosure", "sources"])
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


def test_invariant_25_nobody_is_named_no_source_asked_and_no_reason_read_without_one(db, now, settings):
    from credit import inquiry
    from loans.hardship import request as hardship
    from privacy import circle
    from tests import cast, stories

    draft = stories.draft(cast.alice(), amount=5_000_000, term_months=12, now=now)
    stories.consent(draft, ("credit_source", "bank_source", "hardship"), now=now)
    settings.SIGNED_PACKS_SANDBOX = False
    file = draft.file
    with pytest.raises(circle.UnableToInvite) as caught:
        circle.invite(matter=file.matter, relationship="friend", scopes=["reference"], named_by="A", own_numbers=[b"0" * 32], locale="en", now=now)
    assert caught.value.code == "feature_off"
    assert inquiry.ask_all(about=draft.reference, subject=file.subject, matter=file.matter, currency="CNY", now=now) == []

    class OfHers:
        file = draft.file

    assert not hardship.may_give_reason(OfHers, now=now)
    assessments.sign("hardship", by=None, now=now)
    assert hardship.may_give_reason(OfHers, now=now)


def test_a_first_assessment_is_signed_at_the_desk(db, now, settings):
    """Outside the sandbox nothing is signed by use: somebody of the privacy office reads the text and signs it."""
    from django.contrib.auth.models import Group

    from accounts import roles
    from tests import cast

    fay, dan = cast.fay(now=now), cast.dan(now=now)
    roles.ensure()
    fay.user.groups.add(Group.objects.get(name=roles.PRIVACY))
    settings.SIGNED_PACKS_SANDBOX = False
    desk = cast.client_of(fay)
    page = desk.get("/admin/privacy/impactassessment/add/").content.decode()
    assert f"{assessments.label('circle')}: not signed yet" in page
    assert assessments.text("circle")["impact"].partition("。")[0] in page
    assert desk.post("/admin/privacy/impactassessment/add/", {"feature": "circle"}).status_code == 302
    assert assessments.status("circle", now=now) == "live"
    assert ImpactAssessment.objects.get(feature="circle").signed_by == fay.user.subject
    assert cast.client_of(dan).get("/admin/privacy/impactassessment/add/").status_code == 403
