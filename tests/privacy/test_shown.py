"""Words written for others: sealed where they lie, plain where they are read, gone with the person's half of the key, sealed anew with a new master key."""

import pytest
from django.db import connection
from django.utils import timezone

from core import outbox
from loans.models import Application, FundsItem
from marketplace import search, search_index
from marketplace.models import Listing, ListingWords, SearchKey
from marketplace.search import Wanted
from privacy import keystore, shown, tokens, vault
from tests import stories
from tests.cast import alice, dan

pytestmark = pytest.mark.django_db
NEW = "new:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@pytest.fixture
def draft():
    return stories.draft(alice(), amount=1_000_000, term_months=6, now=timezone.now())


def stored(table, column):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table}")
        return [bytes(value) for (value,) in cursor.fetchall()]


def test_words_are_read_as_they_were_written_without_a_query(draft, django_assert_num_queries):
    found = Application.objects.get(pk=draft.pk)
    with django_assert_num_queries(0):
        assert (found.title, found.summary) == ("A second oven", "A second oven for a bakery that sells out by ten.")
    (sealed,) = stored("loans_application", "title")
    assert sealed[:1] == shown.FORMAT
    assert b"oven" not in sealed
    found.save()
    assert stored("loans_application", "title") == [sealed], "what was not changed is not sealed again"
    found.title = ""
    found.save()
    assert Application.objects.filter(title__isnull=True).exists()
    assert Application.objects.get(pk=draft.pk).title == ""


def test_words_of_one_row_do_not_open_in_another(draft):
    oven, wiring = FundsItem.objects.filter(application=draft).order_by("position")
    oven.__dict__["label"] = wiring.__dict__["label"]
    with pytest.raises(vault.Unopenable):
        _ = oven.label


def test_with_the_half_of_the_key_gone_nothing_is_said_and_nothing_breaks(draft, settings, tmp_path):
    settings.KEY_ROOT = tmp_path
    found = Application.objects.get(pk=draft.pk)
    assert found.title == shown.GONE
    with pytest.raises(vault.Erased):
        shown.seal(draft.file.subject_id, "a place", b"words")


def test_a_new_master_key_takes_over_the_words_and_the_search(settings, django_capture_on_commit_callbacks):
    now = timezone.now()
    loan = stories.accepted_loan(alice(), reviewer=dan(), amount=1_000_000, term_months=6, now=now)
    old, before = SearchKey.objects.get(), settings.VAULT_KEYS
    settings.VAULT_KEYS = f"{NEW},{before}"
    vault.rewrap_all()
    assert shown.reseal_all() == 6, "title, summary and two items of the application; title and story of the listing"
    assert shown.reseal_all() == 0
    outbox.enqueue("vault.rotated", key="rotated", payload={"key_id": "new"})
    assert list(search.find(Wanted(q="oven"), now=now)), "found all the while"
    outbox.drain(now=now)
    settings.VAULT_KEYS = NEW
    listing = Listing.objects.get(loan=loan)
    assert (listing.title, listing.funds[0]["label"]) == ("A second oven", "Oven")
    assert list(search.find(Wanted(q="oven"), now=now)) == [listing]
    old.refresh_from_db()
    assert old.ended_at == now
    assert SearchKey.objects.filter(ended_at=None).count() == 1
    with pytest.raises(keystore.NoHalf):
        keystore.read(old.pk)


def test_words_looked_for_are_numbers_that_say_nothing_without_their_key():
    keys = [SearchKey(made_at=timezone.now()) for _ in range(2)]
    made = [tokens.numbers(["面包", "oven"], key=key.pk, key_id=tokens.new_key(key.pk)) for key in keys]
    assert made[0] != made[1]
    assert all(-(2**63) <= number < 2**63 for number in made[0])


def test_what_is_found_by_nothing_yet_is_numbered_by_a_job():
    now = timezone.now()
    stories.accepted_loan(alice(), reviewer=dan(), amount=1_000_000, term_months=6, now=now)
    ListingWords.objects.all().delete()
    assert not search.find(Wanted(q="oven"), now=now)
    outbox.enqueue("search.fill", key="fill", payload={})
    outbox.drain(now=now)
    assert search.find(Wanted(q="oven"), now=now)
    assert search_index.has_words(search_index.said(Listing.objects.get()), "second OVEN")
