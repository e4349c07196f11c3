"""What open listings are found by: keyed numbers (privacy.tokens) of the characters that stand together in their words, and of what a list is narrowed to.

A text is made plain and cut into every one, two and three characters that stand together in a word, so no language needs its words cut apart: 面包 finds
面包店, and "bak" a bakery. A word looked for fits where it stands, one longer than three characters where all its triples do.

The numbers are of use to whoever holds their key and a copy of the database. So when somebody whose words were among them is erased, everything is
numbered anew under another key, and the old one is destroyed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import reduce
from itertools import pairwise
from operator import or_
from uuid import UUID

from django.db import transaction
from django.db.models import Case, Q, When

from core import outbox
from core.outbox import JobContext, handles
from marketplace.models import Listing, ListingWords, SearchKey
from privacy import tokens

TAGS = ("region", "industry")
LONGEST = 3
LOOKED_UP = 2
_COMMON = "etaoinshrdlucmfwypvbgkjqxz"  # the letters of English, most frequent first
PART = 500  # listings numbered in one job
# What separates words in Chinese and English, after NFKC has made full-width signs plain.
_BETWEEN = re.compile(r"[\s!-/:-@\[-`{-~\u0080-\u00bf\u2000-\u206f\u2e00-\u2e7f\u3000-\u303f\ufe30-\ufe4f]+")


def plain(text: str) -> str:
    return _BETWEEN.sub(" ", unicodedata.normalize("NFKC", text).lower()).strip()


def said(listing: Listing) -> str:
    """All its words, plain."""
    return plain(" ".join([listing.reference, listing.title, listing.summary or "", *(item["label"] or "" for item in listing.funds)]))


def tags(listing: Listing) -> set[str]:
    """What a list can be narrowed to, as "=name:code", which no words can spell."""
    facts = listing.disclosed["facts"]
    return {f"={name}:{code}" for name in TAGS if (code := facts.get(name, {}).get("value")) is not None}


def has_words(text: str, wanted: str) -> bool:
    """Whether each word that is wanted is part of a plain text."""
    return all(word in text for word in plain(wanted).split())


def _together(text: str) -> Iterator[str]:
    for word in set(text.split()):
        for size in range(1, LONGEST + 1):
            yield from (word[at : at + size] for at in range(len(word) - size + 1))


def _looked_for(wanted: str) -> Iterator[str]:
    for word in plain(wanted).split():
        yield from (word[at : at + LONGEST] for at in range(max(len(word) - LONGEST, 0) + 1))


def found(wanted: str, narrowed: list[str], keys: Iterable[SearchKey]) -> Q:
    """The condition on ListingWords that words and tags fit, where they are numbered with one of these keys. Raises vault.Unopenable."""
    telling, rest = _telling(sorted(set(_looked_for(wanted))))
    fits = Q(pk__in=[])
    for key in keys:
        first, others = (tokens.numbers(some, key=key.pk, key_id=key.key_id) for some in ([*telling, *narrowed], rest))
        fits |= Q(words__contains=first) & (Q(Case(When(words__contains=others, then=True), default=False)) if others else Q())
    return fits


def _telling(pieces: list[str]) -> tuple[list[str], list[str]]:
    """The few to look up, and those to check beside: the database takes each for as rare as it is by itself, but pieces of one word come together, and
    of many it would expect no row where there are thousands. Those with the rarest letters tell most."""
    order = sorted(pieces, key=lambda piece: sum(_COMMON.find(letter) if letter in _COMMON else len(_COMMON) for letter in piece), reverse=True)
    return order[:LOOKED_UP], order[LOOKED_UP:]


def keys() -> list[SearchKey]:
    """All that work now."""
    _seen[:] = SearchKey.objects.filter(ended_at=None).order_by("pk")
    return list(_seen)


def seen() -> list[SearchKey]:
    """Those that worked when this process looked last: whoever searches with them also asks for what is `numbered_otherwise`, and if there is any, again."""
    return list(_seen) or keys()


_seen: list[SearchKey] = []


def numbered_otherwise(known: Iterable[SearchKey]) -> Q:
    """The condition on ListingWords that they are numbered with none of these keys, in words an index answers."""
    ids = sorted(key.pk for key in known)
    if not ids:
        return Q()
    between = (Q(key__gt=low, key__lt=high) for low, high in pairwise(ids))
    return reduce(or_, between, Q(key__lt=ids[0]) | Q(key__gt=ids[-1]))


@transaction.atomic
def keep(listing: Listing, *, now: datetime) -> None:
    """Number the words of an open listing under the newest key."""
    key = _newest() or _make(now)
    ListingWords.objects.bulk_create([numbered(listing, key)], update_conflicts=True, unique_fields=["listing"], update_fields=["key", "words"])


def numbered(listing: Listing, key: SearchKey) -> ListingWords:
    words = tokens.numbers({*_together(said(listing)), *tags(listing)}, key=key.pk, key_id=key.key_id)
    return ListingWords(listing=listing, key=key, words=words)


def _newest() -> SearchKey | None:
    """Held as it is until this transaction ends: who ends it waits, and sees what was numbered under it."""
    newest = "SELECT * FROM marketplace_searchkey WHERE ended_at IS NULL ORDER BY made_at DESC LIMIT 1 FOR SHARE"
    return next(iter(SearchKey.objects.raw(newest)), None)


def _make(now: datetime) -> SearchKey:
    key = SearchKey(made_at=now)
    key.key_id = tokens.new_key(key.pk)
    key.save(force_insert=True)
    return key


@handles("subject.erased")
def on_erased(*, job: JobContext) -> None:
    """Keys under which the words of somebody erased were numbered are changed."""
    theirs = Listing.objects.filter(loan__file__subject=job.payload["subject"])
    for key in SearchKey.objects.filter(ended_at=None):
        if theirs.filter(Q(closed_at=None) | Q(closed_at__gte=key.made_at)).exists():
            _change(key)


@handles("vault.rotated")
def on_rotated(*, job: JobContext) -> None:
    """Keys that work with a master key other than the first are changed."""
    for key in SearchKey.objects.filter(ended_at=None).exclude(key_id=job.payload["key_id"]):
        _change(key)


def _change(key: SearchKey) -> None:
    outbox.enqueue("search.rekey", key=f"search:{key.pk}:rekey", payload={"key": key.pk})


@handles("search.rekey")
def rekey(*, job: JobContext) -> None:
    """Number a part of what stands under this key anew; with nothing left the key ends."""
    old = SearchKey.objects.select_for_update().get(pk=job.payload["key"])
    if old.ended_at is not None:
        return
    if not SearchKey.objects.filter(ended_at=None, made_at__gt=old.made_at).exists():
        _make(max(job.now, old.made_at + timedelta(microseconds=1)))
    part = list(Listing.objects.filter(words__key=old).order_by("pk")[:PART])
    for listing in part:
        keep(listing, now=job.now)
    if len(part) == PART:
        outbox.enqueue("search.rekey", key=f"search:{old.pk}:rekey:{part[-1].pk}", payload={"key": old.pk})
        return
    SearchKey.objects.filter(pk=old.pk).update(ended_at=job.now)
    outbox.enqueue("search.key_ended", key=f"search:{old.pk}:ended", payload={"key": old.pk})


@handles("search.key_ended")
def destroy(*, job: JobContext) -> None:
    """Only once the end of the key stands in the database."""
    tokens.destroy_key(UUID(job.payload["key"]))


@handles("search.fill")
def fill(*, job: JobContext) -> None:
    """Number open listings that are found by nothing yet."""
    part = list(Listing.objects.filter(state="open", words=None).order_by("pk")[:PART])
    for listing in part:
        keep(listing, now=job.now)
    if len(part) == PART:
        outbox.enqueue("search.fill", key=f"search:fill:{part[-1].pk}", payload={})
