import copy
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django import forms
from django.db import IntegrityError, connection, transaction
from django.template.loader import render_to_string
from django.utils import translation

from core import outbox
from privacy import consents, notices, receipts, seals, subjects, vault
from privacy.forms import ConsentField, record_answers
from privacy.models import Consent, Notice
from privacy.purposes import UnknownPurpose

from .test_notices import changed


@pytest.fixture
def matter(alice, now):
    return subjects.open_matter(subject=alice, jurisdictions=["CN"], now=now, reference="AP-1")


def test_the_last_answer_counts(alice, say, now):
    def code():
        return consents.state(subject=alice, purpose="marketing", now=now).code

    assert code() == "not_asked"
    assert not consents.is_given(subject=alice, purpose="marketing", now=now)
    for decision, given in (("refused", False), ("given", True), ("withdrawn", False), ("given", True)):
        say(alice, "marketing", decision)
        assert code() == decision
        assert consents.is_given(subject=alice, purpose="marketing", now=now) is given
    assert list(Consent.objects.order_by("pk").values_list("sequence", flat=True)) == [1, 2, 3, 4]


def test_a_yes_in_one_affair_is_no_yes_in_another(alice, matter, say, now):
    other = subjects.open_matter(subject=alice, jurisdictions=["CN"], now=now)
    say(alice, "application", matter=matter)
    assert consents.is_given(subject=alice, purpose="application", matter=matter, now=now)
    assert not consents.is_given(subject=alice, purpose="application", matter=other, now=now)
    assert not consents.is_given(subject=alice, purpose="application", now=now)


def test_a_person_says_nothing_for_another(alice, bob, matter, say, now):
    with pytest.raises(consents.UnableToRecord):
        say(bob, "application", matter=matter)
    say(alice, "marketing")
    assert not consents.is_given(subject=bob, purpose="marketing", now=now)


def test_withdrawing_works_at_once_and_only_a_yes_can_be_withdrawn(alice, say, now):
    with pytest.raises(consents.UnableToRecord):
        consents.withdraw(subject=alice, purpose="marketing", locale="en", now=now)
    say(alice, "marketing")
    assert consents.current(alice, "marketing", now=now).decision == "given"
    consents.withdraw(subject=alice, purpose="marketing", locale="zh-hans", now=now)
    assert not consents.is_given(subject=alice, purpose="marketing", now=now)
    assert consents.current(alice, "marketing", now=now).decision == "withdrawn"
    with pytest.raises(consents.UnableToRecord):
        consents.withdraw(subject=alice, purpose="marketing", locale="en", now=now)


def test_a_material_change_asks_again_a_change_of_words_does_not(alice, say, now):
    say(alice, "marketing")
    notices.publish("marketing", texts=changed("marketing", impact_text="Rarely."), now=now)
    assert consents.is_given(subject=alice, purpose="marketing", now=now)
    notices.publish("marketing", texts=changed("marketing", methods="By telephone."), now=now)
    assert consents.state(subject=alice, purpose="marketing", now=now).code == "reconsent_needed"
    assert consents.states(alice, now=now)[0].code == "reconsent_needed"
    assert not consents.is_given(subject=alice, purpose="marketing", now=now)
    assert consents.current(alice, "marketing", now=now) is None
    say(alice, "marketing")
    assert consents.is_given(subject=alice, purpose="marketing", now=now)


@pytest.mark.parametrize(
    ("purpose", "notice_code", "change"),
    [
        ("marketing", "account", {}),  # the notice is about something else
        ("marketing", "marketing", {"locale": "zh-hans"}),  # read in another language
        ("marketing", "marketing", {"decision": "perhaps"}),
        ("marketing", "marketing", {"method": "telepathy"}),
    ],
)
def test_an_answer_that_proves_nothing_is_not_recorded(alice, say, now, purpose, notice_code, change):
    values = {"decision": "given", "locale": "en", "notice": notices.current(notice_code, "en")} | change
    with pytest.raises(consents.UnableToRecord):
        consents.record(subject=alice, purpose=purpose, now=now, **values)
    assert not Consent.objects.exists()


def test_an_unpublished_or_bundling_notice_is_no_proof(alice, now, db):
    body = notices.compiled("application")["en"]
    draft = Notice.objects.create(code="application", version=1, locale="en", material=True, sha256="0" * 64, **body)
    values = {"subject": alice, "purpose": "application", "decision": "given", "locale": "en", "now": now}
    with pytest.raises(consents.UnableToRecord, match="not published"):
        consents.record(notice=draft, **values)
    bundled = Notice.objects.create(
        code="b", version=1, locale="en", material=True, sha256="0" * 64, published_at=now, **(body | {"purposes": ["application", "marketing"]})
    )
    with pytest.raises(consents.UnableToRecord, match="by itself"):
        consents.record(notice=bundled, **values)
    with pytest.raises(UnknownPurpose):
        consents.record(notice=bundled, **(values | {"purpose": "fun"}))


def test_the_erased_neither_answer_nor_have_given(alice, say, now):
    say(alice, "marketing")
    vault.erase(alice, now=now)
    assert not consents.is_given(subject=alice, purpose="marketing", now=now)
    with pytest.raises(consents.UnableToRecord):
        say(alice, "marketing")


def test_answers_are_only_ever_added(alice, say):
    consent = say(alice, "marketing", "refused")
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        Consent.objects.filter(pk=consent.pk).update(decision="given")
    with pytest.raises(Exception, match=r"Cannot (update or )?delete"), transaction.atomic():
        Consent.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_answers_at_once_all_stand_in_order(alice, say):
    def answer(decision):
        try:
            return say(alice, "marketing", decision).sequence
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        sequences = list(pool.map(answer, ["given", "refused", "given", "withdrawn"]))
    assert sorted(sequences) == [1, 2, 3, 4]


def test_apps_above_hear_of_a_change_with_ids_only(alice, say):
    heard = []
    with outbox.handler_for_a_while("consent.changed", lambda *, job: heard.append(job.payload), label="tests.listener"):
        consent = say(alice, "marketing")
        outbox.drain(now=consent.at + timedelta(days=365))
    assert heard == [{"consent": consent.pk, "purpose": "marketing", "decision": "given"}]


# --- receipts


def test_a_receipt_verifies_and_says_what_was_agreed(alice, matter, say, now):
    say(alice, "application", matter=matter)
    (signed,) = receipts.of(alice)
    document = signed["receipt"]
    assert receipts.verify(signed)
    assert document["piiPrincipalId"] == alice.pseudonym
    assert document["jurisdiction"] == "CN"
    assert document["sensitive"] is True
    assert document["services"][0]["purposes"][0]["purpose"] == "application"
    assert document["consentTimestamp"] == int(now.timestamp())
    assert document["noticeHash"] == notices.current("application", "en").sha256
    kantara = {"version", "jurisdiction", "consentTimestamp", "collectionMethod", "consentReceiptID", "language", "piiPrincipalId", "piiControllers"}
    for name in kantara | {"policyUrl", "services"}:
        assert document[name]


@pytest.mark.parametrize("path", [("decision",), ("piiPrincipalId",), ("services", 0, "purposes", 0, "termination")])
def test_a_changed_receipt_does_not_verify(alice, say, path):
    say(alice, "marketing")
    (signed,) = receipts.of(alice)
    forged = copy.deepcopy(signed)
    *steps, last = path
    holder = forged["receipt"]
    for step in steps:
        holder = holder[step]
    holder[last] = "given?"
    assert receipts.verify(signed)
    assert not receipts.verify(forged)


@pytest.mark.parametrize("garbage", [{}, {"receipt": {}, "signature": "!"}, {"receipt": {}, "signature": None}, {"receipt": {}, "signature": ""}])
def test_garbage_is_no_receipt(garbage):
    assert not receipts.verify(garbage)


def test_signatures_are_bound_to_payload_and_key():
    signature = seals.sign(b"agreement")
    assert seals.verify(b"agreement", signature)
    assert not seals.verify(b"agreement.", signature)
    assert not seals.verify(b"agreement", signature, key=bytes(32))
    assert len(seals.public_key()) == 32


# --- asking inside a form


class Registration(forms.Form):
    account = ConsentField(purpose="account", needed=True)
    marketing = ConsentField(purpose="marketing")


@pytest.mark.parametrize("locale", ["en", "zh-hans"])
def test_two_equal_answers_and_none_chosen(notices, locale):
    with translation.override(locale):
        form = Registration()
        html = render_to_string("privacy/consent.html", {"field": form["marketing"]})
    ask = Notice.objects.get(code="marketing", locale=locale).ask
    assert html.count('type="radio"') == 2
    assert "checked" not in html
    for name in ("question", "what", "why", "kept", "refuse", "yes", "no"):
        assert ask[name] in html
    assert "/privacy/notices/marketing/" in html


def test_no_answer_is_no_answer(notices):
    form = Registration({})
    assert not form.is_valid()
    assert set(form.errors) == {"account", "marketing"}


@pytest.mark.parametrize("value", ["maybe", "on", "1", "", "yes:0", "yes:99"])
def test_only_yes_or_no_to_the_current_notice_count(notices, value):
    assert "marketing" in Registration({"account": "yes", "marketing": value}).errors


def test_a_needed_consent_says_what_a_no_means(notices):
    with translation.override("en"):
        form = Registration({"account": "no:1", "marketing": "no:1"})
        assert form.errors == {"account": ["We cannot open an account. You can still read the public pages."]}


def test_a_stale_page_is_asked_again(notices, now):
    from privacy import notices as published

    published.publish("marketing", texts=changed("marketing", impact_text="Rarely."), now=now)
    assert "marketing" in Registration({"account": "yes:1", "marketing": "yes:1"}).errors
    assert Registration({"account": "yes:1", "marketing": "yes:2"}).is_valid()


def test_answers_are_recorded_each_on_its_own(notices, alice, now):
    with translation.override("en"):
        form = Registration({"account": "yes:1", "marketing": "no:1"})
        assert form.is_valid()
        assert form.cleaned_data["account"]
        assert not form.cleaned_data["marketing"]
        record_answers(form.cleaned_data.values(), subject=alice, now=now)
    assert consents.is_given(subject=alice, purpose="account", now=now)
    assert consents.state(subject=alice, purpose="marketing", now=now).code == "refused"


def test_asking_twice_does_not_ask_the_database_twice(notices, django_assert_num_queries):
    form = Registration()
    with django_assert_num_queries(1):
        render_to_string("privacy/consent.html", {"field": form["marketing"]})


def test_a_yes_to_a_data_source_expires_and_is_asked_again(alice, matter, say, now):
    answer = say(alice, "credit_source", matter=matter)
    good_until = answer.expires_at
    assert good_until - now == timedelta(days=183)
    held = {"subject": alice, "purpose": "credit_source", "matter": matter}
    assert consents.is_given(**held, now=good_until - timedelta(seconds=1))
    assert consents.state(**held, now=good_until).code == "expired"
    assert consents.current(alice, "credit_source", matter=matter, now=good_until) is None
    assert [found.code for found in consents.states(alice, now=good_until)] == ["expired"]
    say(alice, "credit_source", at=good_until, matter=matter)
    assert consents.is_given(**held, now=good_until)


def test_a_no_never_expires(alice, say):
    assert say(alice, "marketing", "refused").expires_at is None
    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.filter(pk=0).create(**_no_that_expires(alice, say))


def _no_that_expires(alice, say):
    answer = say(alice, "marketing", "refused")
    kept = {field.attname: getattr(answer, field.attname) for field in Consent._meta.concrete_fields if field.name != "id"}
    return kept | {"sequence": 9, "receipt_id": "CR-XXXXXXXX", "expires_at": answer.at + timedelta(days=1)}


@pytest.mark.parametrize(("decision", "term"), [("given", "dpv:ConsentGiven"), ("refused", "dpv:ConsentRefused"), ("withdrawn", "dpv:ConsentWithdrawn")])
def test_the_record_names_notice_purpose_person_and_status_and_is_signed(alice, matter, say, decision, term):
    answer = say(alice, "credit_source", decision, matter=matter)
    record = receipts.record(answer)
    assert record["dct:conformsTo"] == "ISO/IEC TS 27560:2023"
    assert record["dpv:hasDataSubject"]["dct:identifier"] == alice.pseudonym
    assert record["dpv:hasNotice"]["dpv:hasHash"]["value"] == answer.notice.sha256
    (process,) = record["dpv:hasProcess"]
    assert process["dpv:hasPurpose"]["dct:identifier"] == "credit_source"
    assert process["dpv:hasLegalBasis"] == "dpv:ExplicitlyExpressedConsent"
    assert process["dpv:hasRecipient"] == answer.notice.recipients
    assert [event["@type"] for event in record["dpv:hasConsentStatus"]] == [term]
    assert receipts.verify(record)
    assert not receipts.verify(record | {"dpv:hasJurisdiction": ["US"]})


def test_a_new_empty_column_leaves_old_seals_whole():
    row = {"id": 1, "purpose": "marketing"}
    assert seals.leaf(row) == seals.leaf(row | {"expires_at": None})
    assert seals.leaf(row) != seals.leaf({"id": 1, "purpose": None})
