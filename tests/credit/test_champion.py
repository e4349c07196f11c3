"""Champion and challenger: who decides is what a person signed; everybody else scores in shadow, sealed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from accounts import onboarding, roles
from accounts.cast import _make_staff
from accounts.models import Party
from config.recompute import recompute_stored
from credit import champion, decision, scorecard, serving, shadow
from credit.champion import UnableToChange
from credit.models import Decision, ModelChange, ShadowScore
from credit.policy import Calibration
from loans.product import STANDARD
from privacy import seals, shown, subjects, vault
from tests import cast
from tests.credit.test_decision import DECENT

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
WHY = "It ranked better for a year in shadow."


def modeler(name="mo"):
    user = onboarding.register(email=f"{name}@xinqiao.example", password=cast.PASSWORD, language="en", now=NOW, staff=True)
    _make_staff(user, roles.MODELER)
    return cast.Member(user=user, party=Party.objects.get(subject=user.subject_id))


@pytest.fixture
def subject():
    return subjects.create("person", now=NOW)


def decide(subject, facts=DECENT, **more):
    return decision.decide(about="AP-TEST", subject=subject, facts=facts, product=STANDARD, as_of=NOW.date(), now=NOW, **more)


def promoted(now=NOW):
    owner = modeler()
    change = champion.propose_promotion(model="thin_file", segment="thin", why=WHY, evidence={}, by=owner.user, now=now)
    champion.sign(change, reason="Read, and sound.", by=cast.fay().user, now=now)
    return change


def test_a_trained_model_scores_in_shadow_sealed_and_decides_nothing(subject):
    made = decide(subject)
    (kept,) = ShadowScore.objects.filter(decision=made)
    assert (made.model, kept.model, kept.model_sha256) == (scorecard.CURRENT, "thin_file", serving.digest("thin_file"))
    opened = vault.open_sealed(kept, ["output"], engine="test", purpose="automated_decision", now=NOW)["output"]
    assert opened == serving.score(DECENT, name="thin_file").as_dict()
    assert made.outcome == "approve", "whatever the challenger says"
    with connection.cursor() as cursor:
        cursor.execute("SELECT output::text FROM credit_shadowscore")
        assert b"income".hex() not in cursor.fetchone()[0]
    with pytest.raises(Exception, match="Cannot update or delete"), transaction.atomic():
        ShadowScore.objects.update(outcome="approve")


def test_it_decides_from_the_signature_on_and_the_scorecard_goes_into_shadow(subject):
    before = decide(subject)
    promoted()
    after = decide(subject)
    assert (before.model, after.model) == (scorecard.CURRENT, "thin_file")
    assert [row.model for row in after.shadows.all()] == [scorecard.CURRENT]
    assert champion.current("full") == scorecard.CURRENT, "signed for those without a bureau report only"
    for made in (before, after):
        kept = vault.open_sealed(made, ["output"], engine="test", purpose="automated_decision", now=NOW)["output"]
        assert recompute_stored("score", made.reference)[0] == kept["score"]
        assert recompute_stored("price", made.reference)[0] == kept["price"]


def test_a_proposal_alone_changes_nothing(subject):
    change = champion.propose_promotion(model="thin_file", segment="thin", why=WHY, evidence={}, by=modeler().user, now=NOW)
    assert decide(subject).model == scorecard.CURRENT
    champion.refuse(change, reason="Too few decisions.", by=cast.fay().user, now=NOW)
    assert decide(subject).model == scorecard.CURRENT


def test_nobody_signs_for_a_model_they_own_and_nobody_without_a_reason():
    owner, other = modeler(), modeler("nell")
    change = champion.propose_promotion(model="thin_file", segment="thin", why=WHY, evidence={}, by=owner.user, now=NOW)
    for user, reason, code in ((owner.user, "Mine.", "owner"), (other.user, "A colleague's.", "owner"), (cast.fay().user, " ", "reason")):
        with pytest.raises(UnableToChange) as caught:
            champion.sign(change, reason=reason, by=user, now=NOW)
        assert caught.value.code == code
    row = {"kind": "promote", "model": "x", "model_sha256": "0", "segment": "thin", "why": "w", "proposed_at": NOW, "answered_at": NOW}
    with pytest.raises(IntegrityError, match="cannot be born"), transaction.atomic():
        ModelChange.objects.create(**row, state="signed", proposed_by=owner.user, answered_by=owner.user, reason="r")
    answer = {"answered_at": NOW, "answered_by": owner.user, "reason": shown.sealed(change, "reason", "r")}
    with pytest.raises(IntegrityError, match="credit_change_two_people"), transaction.atomic():
        ModelChange.objects.filter(pk=change.pk).update(state="signed", **answer)


@pytest.mark.parametrize(
    ("model", "segment", "why", "code"),
    [
        ("lendingclub_2018", "thin", WHY, "model"),
        ("thin_file", "all", WHY, "segment"),
        ("thin_file", "thin", "", "why"),
        ("expert-2026-11", "thin", WHY, "current"),
    ],
)
def test_what_cannot_be_proposed(model, segment, why, code):
    with pytest.raises(UnableToChange) as caught:
        champion.propose_promotion(model=model, segment=segment, why=why, evidence={}, by=modeler().user, now=NOW)
    assert caught.value.code == code


def test_a_file_that_is_not_the_signed_one_decides_nothing(subject, monkeypatch):
    change = promoted()
    real = serving.digest
    monkeypatch.setattr(serving, "digest", lambda name: "0" * 64 if name == "thin_file" else real(name))
    with pytest.raises(champion.NotAsSigned):
        decide(subject)
    assert not Decision.objects.exists()
    assert change.model_sha256 == real("thin_file")


def test_a_challenger_that_cannot_be_read_stops_no_decision(subject, monkeypatch, caplog):
    def unreadable(facts, *, name, **more):
        if name == "thin_file":
            raise scorecard.AlteredModel(name)
        return real(facts, name=name, **more)

    real = serving.score
    monkeypatch.setattr(serving, "score", unreadable)
    assert decide(subject).outcome == "approve"
    assert not ShadowScore.objects.exists()
    assert "a challenger could not be read" in caplog.text


def test_a_signed_recalibration_is_in_the_decision_and_comes_out_again(subject):
    plain = decide(subject)
    by = Calibration(Decimal("0.400000"), Decimal("0.900000"))
    change = champion.propose_recalibration(model=scorecard.CURRENT, by_figures=by, why="Level higher.", evidence={"loans": 800}, by=None, now=NOW)
    assert decide(subject).pd == plain.pd
    champion.sign(change, reason="Seen in every grade.", by=cast.fay().user, now=NOW)
    moved = decide(subject)
    assert moved.pd > plain.pd
    assert moved.points == plain.points
    kept = vault.open_sealed(moved, ["facts", "output"], engine="test", purpose="automated_decision", now=NOW)
    assert kept["facts"]["calibration"] == {"intercept": "0.400000", "slope": "0.900000"}
    assert recompute_stored("score", moved.reference)[0] == kept["output"]["score"]
    assert recompute_stored("price", moved.reference)[0] == kept["output"]["price"]
    assert recompute_stored("score", plain.reference)[0]["pd"] == str(plain.pd)


def test_the_log_of_decisions_is_sealed_and_a_changed_one_is_found(subject):
    decide(subject)
    decide(subject, facts=replace(DECENT, amount=5_000_000))
    assert seals.seal_segments(now=NOW) >= 4
    assert seals.check_segments(now=NOW) == []
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE credit_decision SET outcome = 'decline' WHERE id = (SELECT min(id) FROM credit_decision)")
        cursor.execute("SET session_replication_role = DEFAULT")
    assert [(finding.stream, finding.what) for finding in seals.check_segments(now=NOW + timedelta(minutes=1))] == [("credit_decision", "a row was changed")]


def test_figures_of_the_time_in_shadow(subject):
    for amount in (4_800_000, 15_000_000):
        decide(subject, facts=replace(DECENT, amount=amount))
    found = shadow.figures("thin_file")
    assert found["decisions"] == 2
    assert found["same_outcome"] + found["would_approve"] + found["would_not_approve"] <= 4
    assert 0 < found["mean_pd_of_decisions"] < found["mean_pd"] < 0.5


def test_staff_propose_and_sign_at_their_desk():
    owner, fay = cast.client_of(modeler()), cast.client_of(cast.fay())
    page = "/admin/credit/modelchange/"
    assert "thin_file" in owner.get(f"{page}propose/").content.decode()
    assert fay.get(f"{page}propose/").status_code == 403
    assert owner.post(f"{page}propose/", {"model": "thin_file", "segment": "thin", "why": ""}).status_code == 422
    owner.post(f"{page}propose/", {"model": "thin_file", "segment": "thin", "why": WHY})
    change = ModelChange.objects.get()
    assert "owns none" in owner.get(f"{page}{change.pk}/change/").content.decode()
    assert owner.post(f"{page}{change.pk}/act/", {"act": "sign", "reason": "Mine."}).status_code == 403
    assert fay.post(f"{page}{change.pk}/act/", {"act": "sign", "reason": ""}).status_code == 422
    assert fay.post(f"{page}{change.pk}/act/", {"act": "sign", "reason": "Read."}).status_code == 302
    assert champion.current("thin") == "thin_file"
    assert "thin_file" in fay.get(page).content.decode()
