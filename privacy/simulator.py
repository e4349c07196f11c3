"""The rule simulator: what would be decided for any country, person, purpose and hour. Nobody is contacted and nothing is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy import contact_words, decisions
from privacy.contact_policy import Attempts, Decision, Request, decide
from privacy.rulebook.rules import Pack, Rulebook

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

HALF_HOURS = [f"{minute // 60:02}:{minute % 60:02}" for minute in range(0, 24 * 60, 30)]
UNKNOWN = ""
SWITCHES: tuple[tuple[str, StrOrPromise], ...] = (
    ("necessity_recorded", _("Why it is needed is written down")),
    ("borrower_unreachable", _("The borrower cannot be reached")),
    ("guarantee_signed", _("A guarantee was signed by this person")),
    ("minor", _("The person is a minor")),
    ("holiday", _("It is a public holiday")),
    ("reveals", _("The message mentions a debt")),
)
COUNTERS: tuple[tuple[str, StrOrPromise], ...] = (
    ("connected_day", _("Conversations today")),
    ("attempts_day", _("Attempts today")),
    ("attempts_7d", _("Attempts in 7 days")),
    ("messages_day", _("Messages today")),
    ("messages_7d", _("Messages in 7 days")),
    ("conversations_episode", _("Conversations in this case")),
    ("conversations_lifetime", _("Conversations ever")),
)
FIRST = {
    "country": "CN",
    "role": "contact",
    "purpose": "verify_reference",
    "channel": "voice",
    "actor": "servicing_agent",
    "local_time": "10:30",
    "dpd": 0,
    "borrower_consent": "given",
    "contact_state": "opted_in",
    "necessity_recorded": True,
    "borrower_unreachable": True,
}


class SimulatorForm(forms.Form):
    """Every input of a decision. Reading it changes nothing, so it is sent by GET and its address can be passed on."""

    country = forms.ChoiceField(label=_("Where the borrower lives"))
    second = forms.ChoiceField(label=_("Where the other person lives"), required=False)
    role = forms.ChoiceField(label=_("Who is contacted"), choices=contact_words.ROLES.items())
    purpose = forms.ChoiceField(label=_("What for"), choices=contact_words.PURPOSES.items())
    channel = forms.ChoiceField(label=_("How"), choices=contact_words.CHANNELS.items())
    actor = forms.ChoiceField(label=_("Who asks"), choices=contact_words.ACTORS.items())
    local_time = forms.ChoiceField(label=_("Time of day where the person is"), required=False)
    dpd = forms.IntegerField(label=_("Days late"), min_value=0, max_value=3650)
    borrower_consent = forms.ChoiceField(label=_("The borrower’s consent"), choices=contact_words.CONSENTS.items())
    contact_state = forms.ChoiceField(label=_("Where the person stands"), choices=contact_words.STATES.items())
    flags = forms.MultipleChoiceField(label=_("Open matters"), choices=contact_words.FLAGS.items(), required=False, widget=forms.CheckboxSelectMultiple)
    days_since_conversation = forms.IntegerField(
        label=_("Days since the last conversation"), help_text=_("Empty: there never was one."), required=False, min_value=0, max_value=3650
    )

    def __init__(self, *args: Any, book: Rulebook, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        countries = [(code, contact_words.words(pack.name)) for code, pack in sorted(book.packs.items())]
        elsewhere = ("XX", pgettext_lazy("country", "Elsewhere"))
        self.fields["country"].choices = [*countries, elsewhere]  # type: ignore[attr-defined]
        self.fields["second"].choices = [(UNKNOWN, pgettext_lazy("country", "In the same place")), *countries, elsewhere]  # type: ignore[attr-defined]
        self.fields["local_time"].choices = [*((at, at) for at in HALF_HOURS), (UNKNOWN, pgettext_lazy("time", "Unknown"))]  # type: ignore[attr-defined]
        for name, label in SWITCHES:
            self.fields[name] = forms.BooleanField(label=label, required=False)
        for name, label in COUNTERS:
            self.fields[name] = forms.IntegerField(label=label, required=False, min_value=0, max_value=999)

    @property
    def main_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("role", "purpose", "country", "second", "local_time", "channel", "actor", "dpd", "borrower_consent", "contact_state")]

    @property
    def switch_fields(self) -> list[forms.BoundField]:
        return [self[name] for name, _label in SWITCHES]

    @property
    def counter_fields(self) -> list[forms.BoundField]:
        return [self["flags"], *(self[name] for name, _label in COUNTERS), self["days_since_conversation"]]

    def request(self) -> Request:
        """What was filled in, as the engine takes it. Everything not said here is zero or off."""
        given = self.cleaned_data
        plain = ("role", "purpose", "channel", "actor", "borrower_consent", "contact_state", "dpd", *(name for name, _label in SWITCHES if name != "reveals"))
        return Request(
            jurisdictions=tuple(dict.fromkeys(filter(None, (given["country"], given["second"])))),
            relationship="self" if given["role"] == "borrower" else "friend",
            local_time=given["local_time"] or None,
            reveals=("debt",) if given["reveals"] else (),
            flags=tuple(given["flags"]),
            attempts=Attempts(**{name: given[name] or 0 for name, _label in COUNTERS}, days_since_conversation=given["days_since_conversation"]),
            **{name: given[name] for name in plain},
        )


@dataclass(frozen=True)
class Edition:
    """One pack in force, as the page lists it."""

    pack: Pack

    @property
    def name(self) -> str:
        return contact_words.words(self.pack.name)

    @property
    def summary(self) -> str:
        return contact_words.words(self.pack.summary)

    @property
    def signed(self) -> int:
        return len(self.pack.sign_offs)


@dataclass(frozen=True)
class Elsewhere:
    """The same request under one country's rules."""

    name: str
    verdict: Decision

    @property
    def reason(self) -> str:
        return contact_words.reason(self.verdict.reason)

    @property
    def citation(self) -> str:
        return contact_words.citation(self.verdict.ground)


@dataclass(frozen=True)
class Outcome:
    """The verdict, the hours at which the same request would be allowed, and the same request in every country."""

    verdict: Decision
    windows: tuple[tuple[str, str], ...]
    elsewhere: tuple[Elsewhere, ...]

    @property
    def reason(self) -> str:
        return contact_words.reason(self.verdict.reason)

    @property
    def basis(self) -> str:
        return str(contact_words.BASES[self.verdict.ground.basis])

    @property
    def citation(self) -> str:
        return contact_words.citation(self.verdict.ground)

    @property
    def bars(self) -> list[dict[str, str]]:
        """The allowed hours as stretches of a day, in per cent of its width."""
        return [{"x": f"{_share(start):.3f}", "w": f"{_share(end) - _share(start):.3f}"} for start, end in self.windows]

    @property
    def secondary(self) -> list[tuple[str, str]]:
        return [(code, contact_words.reason(code)) for code in self.verdict.secondary]


def simulate(asked: Request, *, on: date) -> Outcome:
    """Decide under the rules in force on that day."""
    book = decisions.rulebook(on=on)

    def verdict(**changes: Any) -> Decision:
        return decide(replace(asked, **changes), book.packs, book.floor)

    allowed = [verdict(local_time=f"{minute // 60:02}:{minute % 60:02}").allowed for minute in range(0, 24 * 60, 15)]
    others = [Elsewhere(contact_words.words(pack.name), verdict(jurisdictions=(code,))) for code, pack in sorted(book.packs.items())]
    return Outcome(verdict(), tuple(_windows(allowed)), tuple(others))


def _windows(allowed: list[bool]) -> Iterable[tuple[str, str]]:
    """Runs of allowed quarters of an hour, as ("09:00", "19:00")."""
    start: int | None = None
    for quarter, yes in enumerate([*allowed, False]):
        if yes and start is None:
            start = quarter
        elif not yes and start is not None:
            yield _clock(start), _clock(quarter)
            start = None


def _clock(quarter: int) -> str:
    return f"{quarter // 4:02}:{quarter % 4 * 15:02}"


def _share(clock: str) -> float:
    return (int(clock[:2]) * 60 + int(clock[3:])) / (24 * 60) * 100
