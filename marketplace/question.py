"""Questions about a listing: asked, read by staff, answered by the borrower, read again, public. Whatever would tell who somebody is stays out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from accounts import audit, parties
from accounts.access import actor
from accounts.models import Party, User
from core import outbox, states
from core.refusals import Conflict
from loans import participation, screening
from marketplace import consent
from marketplace.forms import QUESTION_MAX
from marketplace.models import Listing, Question
from privacy import disclosure, vault
from privacy.disclosure import Actor
from privacy.screening import findings
from privacy.shown import sealed

PURPOSE = "listing_disclosure"
WAITING_MAX = 3
WHOLE = ("party__subject", "listing__loan__file__subject", "listing__loan__party", "listing__loan__agreement__offer__application__file")
TO_READ = ("asked", "answered")
OWN_MATTER = _("You belong to a party of this question. Somebody else has to read it.")
ENGINE = Actor(kind="system", subject_id=None, role="listing")


class UnableToAsk(Conflict):
    """Nothing was kept. `code` is stable, `message` says what to do."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message  # type: ignore[assignment]


def public(listing: Listing) -> QuerySet[Question]:
    """What everybody reads who may see the listing, oldest first. Nobody is named."""
    return listing.questions.filter(state="published").order_by("published_at", "pk")


def mine(listing: Listing, party: Party) -> QuerySet[Question]:
    """What the party has asked and is not public yet."""
    return listing.questions.filter(party=party).exclude(state="published").order_by("-asked_at")


def waiting(party: Party) -> QuerySet[Question]:
    """What the borrower is asked about their own listings, and has to answer."""
    return of_borrower(party).filter(state="open").select_related("listing").order_by("asked_at")


def of_borrower(party: Party) -> QuerySet[Question]:
    """Whatever staff have let through to the borrower."""
    return Question.objects.filter(listing__loan__party=party).exclude(state__in=["asked", "refused"])


@transaction.atomic
def ask(listing: Listing, *, party: Party, by: User, text: str, language: str, now: datetime) -> Question:
    """Raises UnableToAsk: closed, own_loan, too_many, too_long, personal."""
    if listing.state != "open" or not listing.opens_at <= now < listing.closes_at or not consent.is_shown(listing, now=now):
        raise UnableToAsk("closed", _("This listing is no longer open, so nothing can be asked."))
    if participation.is_own(listing.loan, party):
        raise UnableToAsk("own_loan", _("This is a loan of yours or of a party you belong to."))
    Party.objects.select_for_update().get(pk=party.pk)
    if mine(listing, party).exclude(state="refused").count() >= WAITING_MAX:
        raise UnableToAsk("too_many", _("Three questions of yours about this loan wait already."))
    _screen(text)
    made = Question.objects.create(listing=listing, party=party, user=by, text=text, language=language, asked_at=now)
    audit.record(actor=by, action="question.ask", target=made.reference, now=now)
    return made


def _screen(text: str, *, known: Iterable[str] = ()) -> None:
    """No names, numbers, addresses or accounts: nobody's. `known` are the writer's own and nobody else's, for a refusal confirms what it quotes."""
    if len(text) > QUESTION_MAX:
        raise UnableToAsk("too_long", _("At most %(most)s characters.") % {"most": QUESTION_MAX})
    found = findings(text, known=known)
    if found:
        why = pgettext("list", ", ").join(f"“{each.text}”" for each in found[:5])
        raise UnableToAsk("personal", _("This may tell who somebody is: %(why)s. Write it without names, numbers and addresses.") % {"why": why})


def _known(listing: Listing, *, now: datetime) -> list[str]:
    """Names, numbers and addresses of those bound by the loan."""
    return screening.held(listing.loan.agreement.offer.application, actor=ENGINE, page="marketplace.question", now=now)


@transaction.atomic
def answer(question: Question, *, by: User, text: str, language: str, now: datetime) -> None:
    """The borrower's words; staff read them before anybody else does. Raises UnableToAsk: not_open, too_long, personal."""
    locked = Question.objects.select_for_update(of=("self",)).select_related("listing__loan__agreement__offer__application").get(pk=question.pk)
    if locked.state != "open":
        raise UnableToAsk("not_open", _("This question does not wait for an answer any more."))
    _screen(text, known=_known(locked.listing, now=now))
    locked.answer, locked.answer_language = text, language
    locked.save(update_fields=["answer", "answer_language"])
    states.move(locked, "answered", now=now, by=by.pk, why="by_borrower")
    audit.record(actor=by, action="question.answer", target=locked.reference, now=now)


@dataclass(frozen=True)
class Reading:
    """What staff read at the desk, and what the act that follows is about."""

    state: str
    words: dict[str, str]
    tells: bool = False
    """Something held about the borrower stands in it: marked here, because an asker is never told."""

    @property
    def seen(self) -> str:
        """Goes through the form: only words that were read are let through or held back."""
        return hashlib.sha256(json.dumps([self.state, self.words], sort_keys=True).encode()).hexdigest()[:20]


class ChangedMeanwhile(UnableToAsk):
    """The words on the page are not those of now: they are read again first."""

    def __init__(self) -> None:
        super().__init__("changed", _("This has changed since you opened the page. Please look again and retry."))


def may_moderate(question: Question, *, by: User) -> bool:
    """Whoever acts for a side of the loan, or for the party that asks, does not decide what is read of either."""
    bound = question.listing.loan.agreement.offer.application.obligors.exclude(party=None).select_related("party")
    sides = [question.party, question.listing.loan.party, *(one.party for one in bound if one.party)]
    return not any(by.pk in parties.persons_behind(side) for side in sides)


def read(question: Question, *, by: User, page: str, now: datetime) -> Reading:
    """What staff are to read now: the question, and the answer once there is one. Each look is logged."""
    common = {"actor": actor(by, role="reviewer"), "purpose": PURPOSE, "page": page, "now": now, "reference": question.reference}
    words = {field: disclosure.reveal(question, [field], **common)[field] for field in _fields(question)}
    known = _known(question.listing, now=now) if question.state in TO_READ else []
    return Reading(question.state, words, tells=any(findings(text, known=known) for text in words.values()))


def _fields(question: Question) -> list[str]:
    return ["text", "answer"] if question.answer is not None else ["text"]


@transaction.atomic
def let_through(question: Question, *, seen: str, by: User, now: datetime) -> None:
    """Staff have read it: a question goes on to the borrower, an answer to everybody.

    `seen` is what `read` gave. Raises ChangedMeanwhile, UnableToAsk (own_matter).
    """
    locked, words = _read_before(question, seen=seen, by=by, now=now)
    if locked.state == "answered":
        states.move(locked, "published", now=now, by=by.pk, why="let_through", shown_answer=sealed(locked, "shown_answer", words["answer"]))
    else:
        states.move(locked, "open", now=now, by=by.pk, why="let_through", shown_text=sealed(locked, "shown_text", words["text"]))
        outbox.enqueue("question.open", key=f"question:{locked.pk}:open", payload={"question": locked.pk})
    audit.record(actor=by, action="question.let_through", target=locked.reference, now=now)


@transaction.atomic
def hold_back(question: Question, *, seen: str, by: User, now: datetime) -> None:
    """Staff have read it: a question is not shown; an answer goes back to the borrower, who may write another.

    `seen` is what `read` gave. Raises ChangedMeanwhile, UnableToAsk (own_matter).
    """
    locked, _words = _read_before(question, seen=seen, by=by, now=now)
    states.move(locked, "open" if locked.state == "answered" else "refused", now=now, by=by.pk, why="held_back")
    audit.record(actor=by, action="question.hold_back", target=locked.reference, now=now)


def _read_before(question: Question, *, seen: str, by: User, now: datetime) -> tuple[Question, dict[str, str]]:
    """The row, held, and its words, which are those that were read."""
    locked = Question.objects.select_for_update(of=("self",)).select_related(*WHOLE).get(pk=question.pk)
    if not may_moderate(locked, by=by):
        raise UnableToAsk("own_matter", OWN_MATTER)
    words = {field: str(vault.open_sealed(locked, (field,), engine="marketplace.question", purpose=PURPOSE, now=now)[field]) for field in _fields(locked)}
    if locked.state not in TO_READ or Reading(locked.state, words).seen != seen:
        raise ChangedMeanwhile
    return locked, words
