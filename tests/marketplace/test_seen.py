"""As an investor sees me, what is withheld and why, and the mark of the reader: three faces of one table."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from core import business_day
from loans import disclosure, typeset, withheld
from marketplace import seen
from marketplace.models import Listing
from privacy import disclosure as door
from tests import stories
from tests.cast import alice, bob, client_of, dan, grace
from tests.worlds import world

pytestmark = pytest.mark.django_db


@world
def now() -> datetime:
    moment = timezone.now()
    business_day.advance(to=timezone.localdate(), now=moment)
    return moment


@world
def listing(now: datetime) -> Listing:
    bob()
    return Listing.objects.get(loan=stories.accepted_loan(alice(), reviewer=dan(), amount=1_000_000, term_months=6, now=now))


def test_every_field_and_fact_of_the_table_has_words_and_a_reason_where_it_can_be_withheld() -> None:
    assert set(withheld.LABELS) == set(disclosure.TABLE)
    assert set(withheld.LIFE) == set(disclosure.LIFE)
    for relation in disclosure.EVERY_INVESTOR:
        for stage in disclosure.STAGES:
            hidden = {field for field in disclosure.TABLE if disclosure.form_of(field, relation=relation, stage=stage) == "hidden"}
            kept = withheld.of(relation=relation, stage=stage)
            assert {each.field for each in kept} - set(disclosure.LIFE) == hidden
            assert all(each.label and each.why for each in kept)
            living = {fact for fact in disclosure.LIFE if disclosure.shows(fact, relation=relation, stage=stage)}
            assert {each.field for each in kept} & set(disclosure.LIFE) == set(disclosure.LIFE) - living
            assert living == LIVING.get(relation, {}).get(stage, set()), (relation, stage)


EARLY = {"schedule", "payments", "days_late", "stage", "plan"}
DEFAULTED = {*EARLY, "steps", "recovery"}
STAGED = {"funded": EARLY, "late": EARLY, "default": DEFAULTED, "enforcement": DEFAULTED, "closed": {*EARLY, "recovery"}}
LIVING: dict[str, dict[str, set[str]]] = {"holder": STAGED, "claimant": STAGED}


def test_what_the_borrower_previews_is_what_the_investor_reads(listing: Listing) -> None:
    page = client_of(bob()).get(reverse("marketplace:listing", args=[listing.reference])).content.decode()
    application = listing.loan.agreement.offer.application
    address = reverse("marketplace:seen", args=[application.reference])
    mine = client_of(alice())
    for term, value in seen.preview(application, seen.STEPS[0], by=alice().user, now=timezone.now())["facts"]:
        assert f"<dt>{term}</dt><dd>{value}</dd>" in page
        assert f"<dt>{term}</dt><dd>{value}</dd>" in mine.get(address).content.decode()
    for each in withheld.of(relation="investor", stage="listing"):
        assert f"<dt>{each.label}</dt><dd>{each.why}</dd>" in page
    assert "<dt>Schedule</dt>" in mine.get(address).content.decode(), "not theirs before a payout"
    assert "<dt>Schedule</dt>" not in mine.get(f"{address}?at=funded").content.decode()
    assert client_of(grace()).get(address).status_code == 404


def test_each_reader_gets_a_copy_with_their_own_mark_and_the_look_is_written_down(listing: Listing) -> None:
    client, day = client_of(bob()), business_day.current()
    mark = seen.watermark(listing, viewer=bob().user, on=day)
    assert bob().user.pseudonym in mark
    page = client.get(reverse("marketplace:listing", args=[listing.reference])).content.decode()
    assert page.count(mark) >= 3, "across the page, and once in words"
    paper = client.get(reverse("marketplace:record", args=[listing.reference]))
    words = "".join("".join(sheet.extract_text() for sheet in PdfReader(BytesIO(paper.content)).pages).split())
    assert words.count(mark.replace(" ", "")) >= 2, "behind the words, and at the foot"
    assert alice().user.pseudonym not in words
    assert {look.page for look in door.who_looked(alice().user.subject) if look.viewer == bob().user.pseudonym} >= {"marketplace.listing", "marketplace.record"}


def test_a_paper_without_a_mark_is_set_as_before() -> None:
    document = {"title": "x", "language": "en", "footer": "f", "blocks": []}
    assert typeset.render(document) == typeset.render(document)
    assert "marked" not in PdfReader(BytesIO(typeset.render(document))).pages[0].extract_text()
    assert "marked" in PdfReader(BytesIO(typeset.render({**document, "mark": "marked"}))).pages[0].extract_text()
