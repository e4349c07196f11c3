"""The checks investors take, and the gate before money goes out: by hand, by a mandate, or for another's share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Greatest
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Party, User
from core.money import format_amount
from core.refusals import Conflict
from marketplace.models import Pledge, SuitabilityCheck
from marketplace.suitability import pack as packs
from marketplace.suitability import questions, rules
from marketplace.suitability.pack import Pack
from marketplace.suitability.rules import Standing, Wish
from marketplace.suitability.standings import at_work, put_in, standings

WORDS: dict[str, Promise] = {
    "check_needed": _("Before you invest, take the short test of what lending here means."),
    "check_expired": _("Your test is too old. Take it again before you invest."),
    "not_appropriate": _("By your test, lending here does not suit you yet. You can take it again."),
    "warning_needed": _("Read the outcome of your test and confirm the warning first."),
    "first_wait": _("You are new here: the law gives you %(hours)s hours to think before you first invest. Come back after %(until)s."),
    "over_limit": _("That is more than you may put in by what you told us of your finances: %(room)s at the most now."),
    "confirm_amount": _("This is a large amount for you: more than %(line)s. Confirm that you can bear to lose all of it, or pledge less."),
}


class UnableToCheck(Conflict):
    """The test cannot be taken now. `code` is stable, `message` says what to do."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message  # type: ignore[assignment]


@dataclass(frozen=True)
class Refused:
    """Why not, for the caller to raise in its own name."""

    code: str
    message: str | Promise


def take(party: Party, *, by: User, answers: Mapping[str, int], finances: Mapping[str, int], now: datetime) -> SuitabilityCheck:
    """Keep one taking of the test. `finances`: income, assets, commitments. Raises UnableToCheck (wait) after too many failures."""
    pack = packs.of(party)
    count = questions.right(answers)
    with transaction.atomic():
        Party.objects.select_for_update().get(pk=party.pk)
        if again := rules.may_retake(pack, _failures(party), now=now):
            raise UnableToCheck("wait", _("Two tests went wrong. Take the next one after %(until)s.") % {"until": _moment(again)})
        made = SuitabilityCheck.objects.create(
            party=party,
            user=by,
            pack=pack.code,
            answers={"answers": dict(answers), **finances},
            right=count,
            asked=len(questions.QUESTIONS),
            passed=questions.right_share(count) >= pack.pass_share,
            checked_at=now,
        )
        audit.record(actor=by, action="suitability.check", target=made.reference, now=now)
    return made


def _failures(party: Party) -> list[datetime]:
    """When tests went wrong since the last that did not."""
    found: list[datetime] = []
    for passed, at in SuitabilityCheck.objects.filter(party=party).order_by("-checked_at", "-pk").values_list("passed", "checked_at")[:20]:
        if passed:
            break
        found.append(at)
    return found


def acknowledge(check: SuitabilityCheck, *, by: User, now: datetime) -> None:
    """The outcome and the warning have been read. Said once, it stands for this check."""
    if SuitabilityCheck.objects.filter(pk=check.pk, acknowledged_at=None).update(acknowledged_at=now):
        audit.record(actor=by, action="suitability.acknowledge", target=check.reference, now=now)


def standing(party: Party, pack: Pack, *, now: datetime) -> Standing:
    """What the rules read of one party."""
    return standings([party.pk], pack, now=now)[party.pk]


def gate(party: Party, *, amount: int, currency: str, now: datetime, confirmed: bool = False) -> Refused | None:
    """What stands against the party putting in so much; None when nothing does. A pack that asks for nothing costs nothing."""
    pack = packs.of(party)
    if not pack.test:
        return None
    known = standing(party, pack, now=now)
    inside, within_year = at_work([party.pk], currency)[party.pk], put_in([party.pk], currency, now=now)[party.pk]
    wish = Wish(amount, inside, within_year, currency, confirmed)
    code = rules.refusal(pack, known, wish, now=now)
    return Refused(code, _said(code, pack, known, wish)) if code else None


def against(party: Party, *, now: datetime) -> str | Promise:
    """What stands against the party investing at all, in words; empty when nothing does."""
    pack = packs.of(party)
    known = standing(party, pack, now=now)
    code = rules.qualified(pack, known, now=now)
    return _said(code, pack, known, Wish(0)) if code else ""


def _said(code: str, pack: Pack, known: Standing, wish: Wish) -> str | Promise:
    room = rules.room(pack, known, at_work=wish.at_work, put_in_12m=wish.put_in_12m)
    line = rules.warn_above(pack, known, currency=wish.currency)
    until = known.first_checked_at + timedelta(hours=pack.first_wait_hours) if known.first_checked_at else None
    return WORDS[code] % {
        "hours": pack.first_wait_hours,
        "until": _moment(until) if until else "",
        "room": format_amount(room or 0, wish.currency),
        "line": format_amount(line or 0, wish.currency),
    }


def _moment(at: datetime) -> str:
    return date_format(localtime(at), "DATETIME_FORMAT")


def asks(party: Party) -> bool:
    """Whether the party's pack asks for anything."""
    return packs.of(party).test


def alone(party: Party) -> None:
    """Until the transaction ends nobody else puts in money of the party's, where its pack counts what is in already: two amounts are one after the other.

    First of all locks, before loans, listings and accounts; rows that only point at the party do not wait for it.
    """
    if packs.of(party).caps:
        lock([party.pk])


@contextmanager
def counted(party: Party) -> Iterator[None]:
    """The same, in a transaction begun for it; where nothing is counted, none is begun."""
    with transaction.atomic() if packs.of(party).caps else nullcontext():
        alone(party)
        yield


def lock(parties: Iterable[int]) -> None:
    """The parties, in the order of ids."""
    rows = Party.objects.filter(pk__in=list(parties)).order_by("pk").select_for_update(no_key=True)
    list(rows.values_list("pk", flat=True))


@dataclass(frozen=True)
class Bounds:
    """What mandates may do for an investor now. `room`: in all; `line`: in one loan, for nobody is there to be asked. None: no bound."""

    barred: bool = False
    room: int | None = None
    line: int | None = None


def tested() -> list[str]:
    """Funding profiles whose pack asks for something."""
    return [profile for one in packs.packs().values() if one.test for profile in packs.profiles(one.id)]


def bounds(parties: Iterable[int], *, currency: str, now: datetime, freed: Mapping[int, int] | None = None) -> dict[int, Bounds]:
    """By party, for those whose pack asks for something. `freed`: money pledged by now that comes back first."""
    found: dict[int, Bounds] = {}
    for pack, theirs in _by_pack(parties).items():
        known = standings(theirs, packs.packs()[pack], now=now)
        found |= _bounds(packs.packs()[pack], known, currency=currency, now=now, freed=freed or {})
    return found


def _by_pack(parties: Iterable[int]) -> dict[str, list[int]]:
    """Those whose pack asks for something, by pack."""
    found: dict[str, list[int]] = {}
    for party in Party.objects.filter(pk__in=list(parties), funding_profile__in=tested()).order_by("pk"):
        found.setdefault(packs.of(party).id, []).append(party.pk)
    return found


def _bounds(pack: Pack, known: Mapping[int, Standing], *, currency: str, now: datetime, freed: Mapping[int, int]) -> dict[int, Bounds]:
    """Of parties under one pack."""
    barred = {party for party, one in known.items() if rules.qualified(pack, one, now=now)}
    open_to = [party for party in known if party not in barred]
    inside, within_year = (at_work(open_to, currency), put_in(open_to, currency, now=now)) if pack.caps else ({}, {})
    found = dict.fromkeys(barred, Bounds(barred=True, room=0))
    for party in open_to:
        back = freed.get(party, 0)
        room = rules.room(pack, known[party], at_work=inside.get(party, 0) - back, put_in_12m=within_year.get(party, 0) - back)
        found[party] = Bounds(room=room, line=rules.warn_above(pack, known[party], currency=currency))
    return found


def let_reflect(pledges: QuerySet[Pledge], *, now: datetime) -> None:
    """Pledges made by a run get the same time as those made by hand."""
    for pack in packs.packs().values():
        if pack.reflection_days:
            until = now + timedelta(days=pack.reflection_days)
            theirs = pledges.filter(party__funding_profile__in=packs.profiles(pack.id))
            theirs.update(reflect_until=until, cancel_until=Greatest("cancel_until", Value(until)))


def reflect_until(party: Party, *, now: datetime) -> datetime | None:
    """Until when a pledge of the party can be taken back whole, and its listing waits; None where the pack gives no such time."""
    days = packs.of(party).reflection_days
    return now + timedelta(days=days) if days else None
