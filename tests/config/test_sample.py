"""The plan of the sample market: sixty real rows, told in our words, the same every time; every part of the product has something to show."""

import csv
from collections import Counter
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from config.sample import YUAN_PER_MARK, plan, progress, texts
from core import outbox
from loans.product import STANDARD
from loans.views.steps import STEPS


def test_sixty_rows_of_the_data_set_each_with_an_ending() -> None:
    stories = plan.stories()
    assert len(stories) == 60
    assert Counter(story.ending for story in stories)["live"] == 60 - len(plan.ENDINGS)
    assert {story.ending for story in stories} == {"live", *plan.ENDINGS}
    troubled = [story for story in stories if story.stops_after is not None]
    assert len(troubled) == 12, "the rows marked bad stop paying"
    assert all(story.ending == "live" and story.cohort + (story.stops_after or 0) + 1 < plan.MONTHS for story in troubled), "and are in arrears"
    assert plan.stories() is stories


@pytest.mark.parametrize("story", plan.stories(), ids=lambda story: str(story.serial))
def test_each_story_can_be_told(story: plan.Story) -> None:
    text = texts.text_for(story.source_purpose, story.ordinal)
    items = texts.funds(text, story.amount)
    assert sum(amount for _words, amount in items) == story.amount
    assert all(amount > 0 for _words, amount in items)
    assert story.amount % STANDARD.unit == 0
    assert STANDARD.amount_min <= story.amount <= STANDARD.amount_max
    assert story.term_months in STANDARD.terms
    assert 0 <= story.cohort <= plan.MONTHS


def test_amounts_and_terms_are_those_of_the_rows() -> None:
    with plan.ROWS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(story.amount // STANDARD.unit, story.term_months) for story in plan.stories()] == [
        (int(row["amount_dm"]) * YUAN_PER_MARK * 100 // STANDARD.unit, int(row["months"])) for row in rows
    ]


def test_the_texts_fit_the_form_in_both_languages() -> None:
    project = next(step.form for step in STEPS if step.code == "project")
    assert {text.language for text in texts.texts()} == {"en", "zh-hans"}
    titles = [text.title for text in texts.texts()]
    assert len(titles) == len(set(titles))
    for text in texts.texts():
        form = project({"title": text.title, "summary": text.summary, "purpose": text.purpose})
        assert form.is_valid(), form.errors
        assert sum(share for _words, share in text.items) == 100, text.title


def test_alice_lives_through_a_loan_and_every_investor_of_the_cast_backs_some() -> None:
    alice = plan.stories()[plan.ALICE]
    assert (alice.ending, alice.stops_after) == ("live", None)
    for every in plan.BACKER_EVERY.values():
        backed = [story for story in plan.stories() if story.serial % every == 0 and story.ending == "live"]
        assert len(backed) >= 8
        assert any(story.stops_after is not None for story in backed), "and learns what trouble looks like"


@pytest.mark.django_db
def test_every_page_says_how_far_the_market_has_come_and_nothing_once_it_is_built(
    client: Client, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    assert "being built" not in _strip(client)
    (label,) = outbox._handlers["sample.loan"]
    monkeypatch.setitem(outbox._handlers["sample.loan"], label, lambda *, job: progress.tell_later())
    for serial in (0, 1):
        outbox.enqueue("sample.loan", key=f"sample:loan:{serial}", payload={"serial": serial})
    with django_capture_on_commit_callbacks(execute=True):
        outbox.drain(now=timezone.now(), limit=1)
    assert "The sample market is being built: 1 of 60 loans so far" in _strip(client)
    assert "示例市场正在建立：60 笔借款中已有 1 笔" in _strip(client, language="zh-hans")
    with django_capture_on_commit_callbacks(execute=True):
        outbox.drain(now=timezone.now())
    assert "being built" not in _strip(client)


def _strip(client: Client, *, language: str = "en") -> str:
    return client.get("/", headers={"accept-language": language}).content.decode().partition('class="strip"')[2].partition("</section>")[0]
