"""A borrower who writes a name or a number into the project: told at once, published nevertheless, without those words."""

import pytest
from django.urls import reverse
from django.utils import timezone

from loans import application as applications
from loans import screening
from marketplace.models import Listing
from privacy.disclosure import Actor
from tests import stories
from tests.cast import alice, bob, client_of, dan
from tests.worlds import world

pytestmark = pytest.mark.django_db
ENGINE = Actor(kind="system", subject_id=None, role="test")


@world
def draft():
    return stories.draft(alice(), amount=1_000_000, term_months=6, now=timezone.now())


def write(draft, **said):
    project = {"title": draft.title, "summary": draft.summary, "purpose": draft.purpose, "amount": 1_000_000, "term_months": 6, "method": draft.method}
    applications.save_project(draft, **(project | said), now=timezone.now())
    draft.refresh_from_db()


def shown(draft):
    return screening.words(draft, actor=ENGINE, page="test", now=timezone.now())


def test_an_honest_project_is_shown_whole(draft):
    words = shown(draft)
    assert (words.title, words.summary, words.withheld) == ("A second oven", "A second oven for a bakery that sells out by ten.", [])
    assert [item["label"] for item in words.funds] == ["Oven", "Wiring"]


@pytest.mark.parametrize("title", ["林 悦的烤箱", "Ring 138 0013 8000", "alice@xinqiao.example", "33010619910417002"])
def test_what_we_hold_about_the_borrower_is_known_in_any_spacing(draft, title):
    write(draft, title=title)
    assert shown(draft).title is None


def test_an_item_of_the_funds_is_judged_by_itself(draft):
    applications.save_funds(draft, items=[("Oven", 900_000), ("付给王师傅", 100_000)], now=timezone.now())
    words = shown(draft)
    assert [item["label"] for item in words.funds] == ["Oven", None]
    assert words.withheld == ["funds"]


def test_the_borrower_is_told_which_words_and_loses_nothing(draft):
    browser = client_of(alice())
    address = f"/applications/{draft.reference}/project/"
    said = {"title": "林悦的烤箱", "summary": "Call one three eight zero zero one three eight zero zero zero.", "purpose": "equipment"}
    page = browser.post(address, {**said, "idempotency_key": "screen-1"}, follow=True).content.decode()
    assert "“林悦” may be a name" in page
    assert "may be a number of yours" in page
    draft.refresh_from_db()
    assert draft.title == "林悦的烤箱"
    assert "“林悦” may be a name" in browser.get(f"/applications/{draft.reference}/check/").content.decode()


def test_the_listing_opens_and_says_not_shown(monkeypatch):
    now, real = timezone.now(), stories.draft

    def telling(borrower, **more):
        made = real(borrower, **more)
        write(made, title="林悦的烤箱", summary="请联系一三八零零一三八零零零。")
        return made

    monkeypatch.setattr(stories, "draft", telling)
    loan = stories.accepted_loan(alice(), reviewer=dan(), amount=1_000_000, term_months=6, now=now)
    listing = Listing.objects.get(loan=loan)
    assert (listing.state, listing.title, listing.summary) == ("open", "Equipment", None)
    assert listing.disclosed["screened"] == ["title", "summary"]
    for address in (f"/market/{listing.reference}/", "/market/", reverse("api:listing", args=[listing.reference])):
        answer = client_of(bob()).get(address)
        assert answer.status_code == 200
        assert not any(word in answer.content.decode() for word in ("林悦", "一三八"))
    page = client_of(bob()).get(f"/market/{listing.reference}/").content.decode()
    assert "a name, a number or an address may be among them" in page
