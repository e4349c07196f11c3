"""Bureau and bank: asked only with a consent each, believed only when the answer holds, and never a way to an approval by silence."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from core import business_day, outbox
from credit import inquiry, sources
from credit.models import Decision, Inquiry
from credit.sources import base, sandbox
from loans import application as applications
from loans.models import Application
from privacy import consents, vault
from privacy.models import Processor
from tests import cast, stories
from tests.cast import alice, client_of, dan

SECRET = b"s"
TODAY = date(2026, 11, 24)
ASKED = base.Inquiry(key="SI-1", name="Alice", number="33010619910417002X", currency="CNY", attempt=1)
GIVES = sources.SOURCES["bureau"].gives


def answer(**changes):
    body = {"key": "SI-1", "person": base.mark(ASKED), "currency": "CNY", "as_of": "2026-11-20", "figures": {"overdue_count_6m": 1, "debt_total": 900}}
    body |= changes
    return {**body, "signature": base.signature(body, SECRET)}


def believed(told):
    return base.believed(told, ASKED, secret=SECRET, gives=GIVES, today=TODAY)


def test_an_answer_that_holds_is_believed():
    assert believed(answer()) == {"overdue_count_6m": 1, "debt_total": 900}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"key": "SI-2"}, "other_inquiry"),
        ({"person": base.mark(replace(ASKED, number="110101199001011237"))}, "somebody_else"),
        ({"currency": "USD"}, "currency"),
        ({"as_of": "2026-09-01"}, "stale"),
        ({"as_of": "2026-11-25"}, "stale"),
        ({"as_of": "yesterday"}, "shape"),
        ({"figures": {}}, "shape"),
        ({"figures": {"income_monthly": 5}}, "shape"),
        ({"figures": {"contacts": 5}}, "shape"),
        ({"figures": {"debt_total": -1}}, "impossible"),
        ({"figures": {"debt_total": 1.5}}, "impossible"),
        ({"figures": {"debt_total": True}}, "impossible"),
        ({"figures": {"debt_total": 10**14}}, "impossible"),
        ({"figures": {"overdue_count_6m": 4000}}, "impossible"),
        ({"figures": {"debt_total": 5, "debt_other_platforms": 6}}, "impossible"),
        ({"more": 1}, "shape"),
    ],
)
def test_anything_else_is_kept_out_whole(changes, code):
    with pytest.raises(base.Untrue) as caught:
        believed(answer(**changes))
    assert caught.value.code == code


@pytest.mark.parametrize("told", [None, [], "x", {}, {"key": "SI-1"}])
def test_what_is_no_answer_at_all(told):
    with pytest.raises(base.Untrue):
        believed(told)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["overdue_count_6m", "debt_total"]), st.integers(0, 10**6))
def test_nothing_changed_on_the_way_is_believed(name, other):
    told = answer()
    if told["figures"][name] != other:
        with pytest.raises(base.Untrue, match="signature"):
            believed({**told, "figures": {**told["figures"], name: other}})


@pytest.fixture
def now():
    moment = timezone.now()
    business_day.advance(to=timezone.localdate(), now=moment)
    return moment


def sent(now, *purposes, amount=4_800_000):
    draft = stories.draft(alice(), amount=amount, term_months=6, now=now)
    stories.consent(draft, purposes, now=now)
    applications.submit(draft, by=alice().user, as_of=business_day.current(), now=now)
    return Application.objects.select_related("decision", "file").get(pk=draft.pk)


def work(now, rounds=1):
    for again in range(rounds):
        outbox.drain(now=now + timedelta(seconds=1 + again * 30))


def provide(monkeypatch, **providers):
    monkeypatch.setattr(sources, "provider", lambda code: providers.get(code, sandbox.Bank() if code == "bank" else sandbox.Bureau()))


def kept(decision, now):
    return vault.open_sealed(decision, ["facts"], engine="test", purpose="automated_decision", now=now)["facts"]


class Odd(sandbox.Bureau):
    """The sandbox's bureau with another answer for everybody, by the serial it reads."""

    def __init__(self, serial):
        self.serial = serial

    def ask(self, inquiry, *, timeout):
        return (
            super().ask(replace(inquiry, number=inquiry.number[:-4] + self.serial + inquiry.number[-1]), timeout=timeout)
            if self.serial == "504"
            else self._odd(inquiry)
        )

    def _odd(self, inquiry):
        real = super().ask(inquiry, timeout=1)
        about = {"person": base.mark(replace(inquiry, number="other"))} if self.serial == "452" else {}
        figures = {"figures": dict.fromkeys(real["figures"], -1)} if self.serial == "451" else {}
        if self.serial == "500":
            figures = {"figures": sandbox.BURDENED}
        body = {name: value for name, value in {**real, **about, **figures}.items() if name != "signature"}
        return {**body, "signature": real["signature"] if self.serial == "453" else base.signature(body, self.secret)}


@pytest.mark.django_db
def test_without_consent_nobody_is_asked(now):
    sent(now)
    work(now)
    assert not Inquiry.objects.exists()


@pytest.mark.django_db
def test_each_source_is_asked_with_its_own_consent_and_its_figures_stand_in_the_decision(now, monkeypatch):
    provide(monkeypatch, bureau=Odd("500"))
    application = sent(now, "credit_source")
    assert Inquiry.objects.get().source == "bureau", "the bank was not allowed"
    first = application.decision
    assert first.outcome == "refer", "one who was asked has not answered yet"
    work(now)
    application.refresh_from_db()
    assert application.decision_id != first.pk
    facts = kept(application.decision, now)
    assert facts["facts"]["debt_total"] == sandbox.BURDENED["debt_total"]
    assert facts["facts"]["income_monthly"] == 1_500_000, "what the bureau does not know stays as said"
    assert set(facts["origin"]) == set(sandbox.BURDENED)
    assert set(facts["origin"].values()) == {Inquiry.objects.get().reference}
    assert "open_sources" not in facts


@pytest.mark.django_db
def test_outside_of_a_sandbox_no_simulated_answer_is_told_of_anybody(now):
    """Neither to a question asked before it closed, nor to a new one; the application goes on without, and a person decides where one is missing."""
    asked = sent(now, "credit_source")
    with override_settings(SIGNED_PACKS_SANDBOX=False):
        work(now, rounds=inquiry.ATTEMPTS_MAX)
        assert Inquiry.objects.get().state == "unanswered"
        applications.withdraw(asked, by=alice().user, now=now)
        sent(now, "credit_source", "bank_source")
    assert Inquiry.objects.count() == 1


class House(sandbox.Bureau):
    """A bureau outside the house."""

    name = "house"


@pytest.mark.django_db
def test_a_source_outside_the_house_is_asked_only_under_a_living_contract(now, settings):
    applications.withdraw(sent(now), by=alice().user, now=now)
    settings.SIGNED_PACKS_SANDBOX = False
    settings.CREDIT_SOURCES = settings.CREDIT_SOURCES | {"bureau": f"{__name__}.House"}
    applications.withdraw(sent(now, "credit_source"), by=alice().user, now=now)
    assert not Inquiry.objects.exists()
    term = {"starts_on": timezone.localdate(now), "ends_on": timezone.localdate(now)}
    house = Processor.objects.create(
        name="Bureau", country="CN", purposes=["credit_source"], kinds=["id_number"], contract="2026/9", supervision="Yearly audit.", **term
    )
    settings.PROCESSORS = settings.PROCESSORS | {"bureau": house.reference}
    sent(now, "credit_source")
    assert Inquiry.objects.get().provider == "house"
    Processor.objects.filter(pk=house.pk).update(returned_on=timezone.localdate(now))
    work(now)
    assert Inquiry.objects.get().state == "unanswered", "it ended before anything was handed over"


@pytest.mark.django_db
def test_a_good_answer_of_both_approves(now):
    application = sent(now, "credit_source", "bank_source")
    work(now)
    application.refresh_from_db()
    assert set(Inquiry.objects.values_list("source", "state")) == {("bureau", "answered"), ("bank", "answered")}
    assert application.decision.outcome == "approve"
    report = Inquiry.objects.get(source="bank")
    assert vault.open_sealed(report, ["bank_report"], engine="test", purpose="bank_source", now=now) == {"bank_report": {"income_monthly": 1_500_000}}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("serial", "state", "why"),
    [("504", "unanswered", "no_answer"), ("451", "disbelieved", "impossible"), ("452", "disbelieved", "somebody_else"), ("453", "answered", "")],
)
def test_silence_lies_and_strangers_tell_nothing_and_a_person_decides(now, monkeypatch, serial, state, why):
    provide(monkeypatch, bureau=Odd(serial))
    application = sent(now, "credit_source")
    work(now, rounds=inquiry.ATTEMPTS_MAX + 1)
    row = Inquiry.objects.get()
    assert (row.state, row.why) == (state, why)
    application.refresh_from_db()
    if state != "answered":
        assert application.decision.outcome == "refer"
        assert kept(application.decision, now)["open_sources"] == ["bureau"]
        assert "origin" not in kept(application.decision, now)
        assert row.bureau_report is None, "nothing of a stranger or of a lie is kept"


@pytest.mark.django_db
def test_a_consent_taken_back_stops_the_question_and_the_use_of_the_answer(now):
    application = sent(now, "credit_source", "bank_source")
    consents.withdraw(subject=application.file.subject, purpose="credit_source", locale="en", matter=application.file.matter, now=now)
    work(now)
    assert Inquiry.objects.get(source="bureau").state == "withdrawn"
    assert inquiry.known(application.reference, now=now).sources == ("bank",)
    consents.withdraw(subject=application.file.subject, purpose="bank_source", locale="en", matter=application.file.matter, now=now)
    assert inquiry.known(application.reference, now=now) == inquiry.Known()


@pytest.mark.django_db
def test_one_affair_asks_once_and_no_answer_stands_without_its_report(now):
    application = sent(now, "credit_source")
    file = application.file
    again = inquiry.ask_all(about=application.reference, subject=file.subject, matter=file.matter, currency="CNY", now=now)
    assert again == []
    with pytest.raises(IntegrityError, match="report_when_believed"), transaction.atomic():
        Inquiry.objects.update(state="answered", answered_at=now)
    before = Decision.objects.count()
    work(now)
    assert Decision.objects.count() == before + 1


@pytest.mark.django_db
def test_borrower_and_reviewer_read_what_a_source_told(now, monkeypatch):
    provide(monkeypatch, bureau=Odd("500"))
    application = sent(now, "credit_source")
    page = f"/applications/{application.reference}/"
    assert "We wait for the answer." in client_of(alice()).get(page).content.decode()
    work(now)
    shown = client_of(alice(), language="zh-hans").get(page).content.decode()
    assert "征信机构" in shown
    assert "¥96,000.00" in shown
    applications.claim(Application.objects.get(pk=application.pk), by=dan().user, now=now)
    opened = cast.opened(client_of(dan()), f"/admin/loans/application/{application.pk}/file/").content.decode()
    assert "in place of what the borrower said" in opened
    assert "¥96,000.00" in opened
