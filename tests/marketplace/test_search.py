"""Finding loans: by words of either language, by filters in the address, page by page; kept searches tell once; four stand side by side."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core import business_day, outbox
from core.api.paging import Page
from loans.models import Loan
from marketplace import listing as listings
from marketplace import saved_search, search, search_index
from marketplace.models import Listing, ListingWords, SavedSearch, SearchKey
from marketplace.search import Wanted
from notifications.models import Message
from privacy import keystore, vault
from privacy.models import AccessLog
from tests import stories
from tests.cast import alice, bob, carol, client_of, dan, eve
from tests.programs import Program, problem
from tests.worlds import world

pytestmark = pytest.mark.django_db


@world
def now():
    moment = timezone.now()
    business_day.advance(to=timezone.localdate(), now=moment)
    return moment


def listed(now, **changed):
    """One open listing; what it shows may be changed as if it had been published so."""
    loan = stories.accepted_loan(alice(now=now), reviewer=dan(now=now), amount=1_000_000, term_months=6, now=now)
    return republished(Listing.objects.get(loan=loan), now, **changed)


def republished(listing, now, **changed):
    for field, value in changed.items():
        setattr(listing, field, value)
    listing.save(update_fields=list(changed))
    search_index.keep(listing, now=now)
    return Listing.objects.get(pk=listing.pk)


@world
def oven(now):
    """One listing, as it is."""
    return listed(now)


def found(now, **wanted):
    return list(search.find(Wanted(**wanted), now=now))


@pytest.mark.parametrize(
    ("q", "fits"),
    [
        ("oven", True),
        ("OVEN", True),
        ("ven", True),
        ("ｏｖｅｎ", True),
        ("second bakery", True),
        ("wiring", True),
        ("  oven,  ", True),
        ("ovens", False),
        ("oven florist", False),
        ("cond sec", True),
        ("nevo", False),
        ("100%_\\", False),
        ("'; DROP", False),
        ("!?。", True),
    ],
)
def test_english_words_are_found_by_any_part_of_them(now, oven, q, fits):
    assert found(now, q=q) == ([oven] if fits else []), q


@pytest.mark.parametrize(
    ("q", "fits"),
    [
        ("面包", True),
        ("面", True),
        ("包店", True),
        ("店的烤炉", True),
        ("面包 烤炉", True),
        ("面包，烤炉", True),
        ("烤店", False),
        ("包面", False),
        ("麵包", False),
    ],
)
def test_chinese_words_need_no_cutting(now, oven, q, fits):
    republished(oven, now, title="面包店的烤炉")
    assert found(now, q=q) == ([oven] if fits else []), q


def test_the_words_follow_the_listing_and_end_with_it(now):
    listing = listed(now, title="A zeppelin")
    assert found(now, q=listing.reference.lower()) == found(now, q="zeppelin") == [listing]
    republished(listing, now, title="A florist's van")
    assert found(now, q="florist")
    assert not found(now, q="zeppelin")
    listings.withdraw(listing, as_of=business_day.current(), now=now)
    assert not ListingWords.objects.exists()


def test_filters_narrow_and_orders_order(now):
    first, second = (
        listed(now, opens_at=now - timedelta(hours=1)),
        listed(now, grade="C", annual_rate=Decimal("0.11"), term_months=12, purpose="vehicle", funded=500_000),
    )
    assert found(now, grade="C") == found(now, purpose="vehicle") == found(now, rate_min=Decimal("0.1")) == [second]
    assert found(now, term_max=6) == [first]
    assert set(found(now, region="ZJ", industry="food")) == {first, second}
    assert found(now, region="SH") == []
    assert found(now, q="oven", grade="C", region="ZJ") == [second]
    assert found(now, sort="left")[0] == second
    assert found(now, sort="rate")[0] == second
    assert [row.pk for row in found(now, sort="new")] == [second.pk, first.pk]


def test_what_is_not_said_is_not_found(now, oven):
    """A province that is said in wider words, or not at all, is none to look for."""
    shown = oven.disclosed
    shown["facts"]["region"] = {"form": "full", "value": None, "level": 2}
    republished(oven, now, disclosed=shown)
    assert found(now, region="ZJ") == []


def test_the_list_in_the_browser_keeps_its_filters_in_the_address(now):
    made = [listed(now, title=f"Oven number {k}") for k in range(3)]
    browser = client_of(bob(now=now))
    html = browser.get("/market/?q=number&grade=&sort=new").content.decode()
    assert all(one.reference in html for one in made)
    assert 'value="number"' in html
    assert '<option value="new" selected>' in html
    assert html.count("you may lose money") >= 3, "no rate without its risk"
    assert "14 days left" in html or "13 days left" in html
    nothing = browser.get("/market/?q=submarine").content.decode()
    assert "No loan fits" in nothing
    odd = browser.get("/market/?grade=Z&term_max=7&rate_min=x&after=forged&sort=worst")
    assert odd.status_code == 200
    assert odd.content.decode().count('type="checkbox"') == 3


def test_the_list_goes_on_behind_the_last_row(now, monkeypatch):
    made = [listed(now) for _ in range(3)]
    monkeypatch.setattr("marketplace.views.listing.PAGE", 2)
    browser = client_of(bob(now=now))
    first = browser.get("/market/?sort=new").content.decode()
    assert "The first 2 loans" in first
    address = first.partition('rel="next"')[0].rpartition('href="')[2].rstrip('" ').replace("&amp;", "&")
    rest = browser.get("/market/" + address).content.decode()
    assert [one.reference in first for one in made] == [True, True, False]
    assert [one.reference in rest for one in made] == [False, False, True]
    assert 'rel="next"' not in rest


def test_six_queries_however_many_loans(now):
    browser, counts = client_of(bob(now=now)), []
    for address in ("", "", "?q=oven", "?region=ZJ&sort=new", "?q=submarine"):
        listed(now)
        browser.get(f"/market/{address}")
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(f"/market/{address}").status_code == 200
        counts.append(len(asked))
    assert set(counts) == {counts[0]}
    assert counts[0] <= 6


def test_a_key_this_process_has_not_seen_hides_nothing(now, oven):
    """Nor does one it saw last and that is destroyed since."""

    def first(q):
        return {row.pk for row in search.first(Wanted(q=q), lambda rows: Page(list(rows)), now=now).rows}

    assert first("oven") == {oven.pk}
    old, seen = SearchKey.objects.get(), search_index.seen()
    newer = SearchKey.objects.create(pk=uuid4(), key_id=old.key_id, made_at=now + timedelta(seconds=1))
    keystore.make(newer.pk)
    other = listed(now, title="An oven elsewhere")
    search_index._seen[:] = seen
    assert first("submarine") == set()
    assert search_index.seen() != seen, "what it could not read made it look"
    search_index._seen[:] = seen
    assert first("oven") == {oven.pk, other.pk}
    search_index._change(old)
    outbox.drain(now=now + timedelta(seconds=2))
    search_index._seen[:] = seen
    assert first("oven") == {oven.pk, other.pk}
    with pytest.raises(vault.Unopenable):
        search_index.found("oven", [], seen)


def test_programs_search_with_the_same_words(now):
    listing = listed(now)
    api = Program(bob(now=now))
    assert [row["reference"] for row in api.get("listings/?q=oven&rate_min=6&region=ZJ").json()["results"]] == [listing.reference]
    assert api.get("listings/?q=florist").json()["results"] == []
    problem(api.get("listings/?colour=red"), 400, "unknown_parameter")


def test_a_saved_search_tells_once_about_each_loan(now):
    for wanted in (Wanted(q="oven"), Wanted(grade="A"), Wanted(grade="B"), Wanted(grade="C"), Wanted(grade="D")):
        saved_search.save(wanted, party=bob(now=now).party, by=bob().user, now=now)
    saved_search.save(Wanted(q="florist", region="ZJ"), party=carol(now=now).party, by=carol().user, now=now)
    saved_search.save(Wanted(region="ZJ", industry="food", term_max=6, rate_min=Decimal("0.01")), party=eve(now=now).party, by=eve().user, now=now)
    listing = listed(now)
    outbox.drain(now=now)
    told = Message.objects.filter(template="search.found").values_list("user", flat=True)
    assert sorted(told) == sorted([bob().user.pk, eve().user.pk])
    outbox.enqueue("listing.opened", key="told again", payload={"listing": listing.pk})
    outbox.drain(now=now)
    assert Message.objects.filter(template="search.found").count() == 2


def test_nobody_is_told_about_a_loan_of_their_own_or_after_its_end(now):
    saved_search.save(Wanted(q="oven"), party=alice(now=now).party, by=alice().user, now=now)
    kept = saved_search.save(Wanted(q="oven"), party=bob(now=now).party, by=bob().user, now=now)
    saved_search.end(kept, now=now)
    alice().party.__class__.objects.filter(pk=alice().party.pk).update(invests=True)
    listed(now)
    outbox.drain(now=now)
    assert not Message.objects.filter(template="search.found").exists()


def test_a_search_is_kept_once_at_most_twenty_and_not_for_everything(now):
    party, user = bob(now=now).party, bob().user
    kept = saved_search.save(Wanted(q="oven", sort="new"), party=party, by=user, now=now)
    assert saved_search.save(Wanted(q="oven"), party=party, by=user, now=now) == kept
    with pytest.raises(saved_search.UnableToSave) as refused:
        saved_search.save(Wanted(sort="rate"), party=party, by=user, now=now)
    assert refused.value.code == "nothing_wanted"
    for k in range(saved_search.MOST - 1):
        saved_search.save(Wanted(q=f"oven {k}"), party=party, by=user, now=now)
    with pytest.raises(saved_search.UnableToSave) as refused:
        saved_search.save(Wanted(q="one more"), party=party, by=user, now=now)
    assert refused.value.code == "too_many"


def test_saving_and_ending_in_the_browser(now):
    browser = client_of(bob(now=now))
    page = browser.post("/market/searches/", {"q": "烤炉", "grade": "B", "rate_min": "8"}, follow=True).content.decode()
    (kept,) = SavedSearch.objects.all()
    assert (kept.q, kept.grade, kept.rate_min) == ("烤炉", "B", Decimal("0.08"))
    assert "“烤炉”, grade B, from 8.00% a year" in page
    assert browser.get(f"/market/?{kept.address}").status_code == 200
    assert client_of(carol(now=now)).post(f"/market/searches/{kept.reference}/end/").status_code == 404
    browser.post(f"/market/searches/{kept.reference}/end/")
    assert not saved_search.of(bob().party).exists()
    assert "Choose at least one filter" in browser.post("/market/searches/", {}, follow=True).content.decode()


def test_four_loans_side_by_side_and_each_look_is_noted(now):
    made = [listed(now) for _ in range(5)]
    browser = client_of(bob(now=now))
    address = "/market/compare/?" + "&".join(f"loan={one.reference}" for one in [*made, made[0]])
    html = browser.get(address).content.decode().partition("<main")[2]  # the switch of languages repeats the address
    assert "the others are left out" in html
    assert [one.reference in html for one in made] == [True] * 4 + [False]
    assert AccessLog.objects.filter(page="marketplace.compare").count() == 4
    assert "You may lose money" in html
    listings.withdraw(made[0], as_of=business_day.current(), now=now)
    html = browser.get(f"/market/compare/?loan={made[0].reference}&loan={made[1].reference}&loan=XQ-NOTTHERE").content.decode().partition("<main")[2]
    assert "no longer open" in html
    assert made[0].reference not in html
    assert browser.get("/market/compare/", follow=True).redirect_chain


def test_an_unverified_investor_sees_no_row(now):
    listing = listed(now)
    member = bob(now=now)
    member.party.__class__.objects.filter(pk=member.party.pk).update(verified_at=None)
    html = client_of(member).get("/market/").content.decode()
    assert listing.reference not in html
    assert "Confirm who you are first" in html


def test_a_loan_whose_window_is_over_is_not_found(now):
    listing = listed(now)
    assert found(listing.closes_at - timedelta(seconds=1)) == [listing]
    assert found(listing.closes_at) == []
    assert Loan.objects.get(pk=listing.loan_id).state == "agreed"
