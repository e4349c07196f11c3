"""The rule simulator, as anybody uses it: in both languages, without script, and without leaving a trace."""

import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation

from privacy import contact_words, simulator
from privacy.contact_policy import REASONS
from privacy.models import AccessLog
from privacy.rulebook import rules

pytestmark = pytest.mark.django_db
HAN = re.compile(r"[\u4e00-\u9fff]")


def ask(language="en", **changes):
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    switches = ("necessity_recorded", "borrower_unreachable")
    given = {name: value for name, value in (simulator.FIRST | changes).items() if name not in switches or value}
    return client.get(reverse("privacy:simulator"), given)


@pytest.mark.parametrize(("language", "word", "law"), [("en", "Refused", "house rule"), ("zh-hans", "拒绝", "平台自身规则")])
def test_verdict_reason_and_citation_in_both_languages(language, word, law):
    html = ask(language, local_time="19:30").content.decode()
    assert word in html
    assert "D_QUIET_HOURS" in html
    assert law in html
    with translation.override(language):
        assert contact_words.reason("D_QUIET_HOURS") in html


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "A_REFERENCE_OPTED_IN"),
        ({"country": "XX"}, "D_UNKNOWN_PACK"),
        ({"second": "PH", "purpose": "locate_borrower", "dpd": 30}, "D_JURISDICTION_BAN"),
        ({"local_time": ""}, "D_LOCAL_TIME_UNKNOWN"),
        ({"minor": "on"}, "D_MINOR"),
        ({"reveals": "on"}, "D_REVEALS_DEBT"),
        ({"flags": ["complaint"]}, "D_COMPLAINT_PENDING"),
        ({"attempts_7d": 2}, "D_FREQUENCY_CAP"),
        ({"country": "US", "role": "borrower", "purpose": "payment_reminder", "days_since_conversation": 3}, "D_COOLDOWN"),
        ({"necessity_recorded": ""}, "D_NECESSITY_MISSING"),
        ({"actor": "investor"}, "D_ACTOR_FORBIDDEN"),
        ({"role": "guarantor", "purpose": "collect_payment", "guarantee_signed": "on", "contact_state": "n/a"}, "A_GUARANTOR"),
    ],
)
def test_every_input_reaches_the_rules(changes, code):
    assert code in ask(**changes).content.decode()


def test_the_page_opens_with_an_example_and_the_rules_in_force():
    html = Client().get(reverse("privacy:simulator")).content.decode()
    assert "A_REFERENCE_OPTED_IN" in html
    for code in ("CN", "US", "EU", "UK", "IN", "ID", "PH", "KE"):
        assert f"{code}@2026-11" in html


def test_the_hours_at_which_it_would_be_allowed():
    assert "Allowed from 09:00 until 19:00" in ask().content.decode()
    assert "Refused at every hour" in ask(purpose="collect_payment").content.decode()


@pytest.mark.parametrize("changes", [{"country": "Atlantis"}, {"dpd": "soon"}, {"dpd": -1}, {"role": "<script>"}, {"local_time": "25:00"}])
def test_a_bad_request_is_told_at_the_field(changes):
    page = ask(**changes)
    assert page.status_code == 422
    assert 'class="err"' in page.content.decode()
    assert "<script>" not in page.content.decode()


def test_simulating_leaves_no_trace():
    ask()
    assert not AccessLog.objects.exists()
    assert Client().post(reverse("privacy:simulator")).status_code == 405


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_invariant_30_every_code_has_words_in_every_language(language):
    known = {
        "REASONS": REASONS,
        "BASES": rules.BASES,
        "ROLES": rules.ROLES,
        "PURPOSES": rules.PURPOSES,
        "CHANNELS": rules.CHANNELS,
        "ACTORS": rules.ACTORS,
        "STATES": rules.STATES,
        "CONSENTS": rules.CONSENTS,
        "FLAGS": rules.FLAGS,
    }
    with translation.override(language):
        for table, codes in known.items():
            labels = getattr(contact_words, table)
            assert set(labels) == set(codes), table
            assert all(bool(HAN.search(str(label))) == (language == "zh-hans") for label in labels.values()), table
