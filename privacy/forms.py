"""Asking for consent inside a form: two equal answers, none chosen, one of them required."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from . import consents, notices, purposes
from .models import Consent, DataSubject, Matter, Notice

YES, NO = "yes", "no"


@dataclass(frozen=True)
class Answer:
    """What was chosen, to which notice. True when yes, so a form may say `if answer:`."""

    decision: str
    purpose: str
    notice: Notice

    def __bool__(self) -> bool:
        return self.decision == Consent.Decision.GIVEN


class ConsentField(forms.ChoiceField):
    """A consent asked in place; cleans to an `Answer`. Rendered with what, why, who, how long and what a no means, from the current notice.

    The values are "yes:<version>" and "no:<version>", so an answer to a notice that has changed meanwhile is asked again; a bare "yes" or "no"
    (scripts) answers the current one. `needed`: a no is an error, in the words of the notice. `may_wait`: leaving it open is no answer and no error.
    """

    widget = forms.RadioSelect
    default_error_messages = {
        "required": gettext_lazy("Choose yes or no"),
        "changed": gettext_lazy("This notice has changed since you opened the page. Please read it again and choose"),
    }

    def __init__(self, *, purpose: str, needed: bool = False, may_wait: bool = False, **kwargs: Any) -> None:
        self.purpose, self.needed = purposes.get(purpose).code, needed
        self._found: dict[str, Notice] = {}
        kwargs.setdefault("label", purposes.get(purpose).label)
        super().__init__(choices=self._choices, required=not may_wait, **kwargs)
        self.template_name = "privacy/consent.html"

    @property
    def notice(self) -> Notice:
        """The notice to ask with: the current one in the language of the page, looked up once per form. Raises notices.NoNotice."""
        locale = notices.supported(get_language())
        if locale not in self._found:
            self._found[locale] = notices.current(self.purpose, locale)
        return self._found[locale]

    def __deepcopy__(self, memo: dict) -> "ConsentField":
        copied = super().__deepcopy__(memo)
        copied._found = {}
        copied.choices = copied._choices
        return copied

    def _choices(self) -> list[tuple[str, str]]:
        notice = self.notice
        return [(f"{YES}:{notice.version}", notice.ask["yes"]), (f"{NO}:{notice.version}", notice.ask["no"])]

    @property
    def sensitive(self) -> bool:
        """Asked alone on its screen, with why it is needed and what it means for the person beside it (PIPL articles 28 to 30)."""
        return purposes.get(self.purpose).sensitive

    @property
    def consent(self) -> dict:
        """What templates/components/consent.html shows."""
        notice = self.notice
        return {
            "title": notice.ask["question"],
            "intro": notice.ask["intro"],
            "what": notice.ask["what"],
            "why": notice.ask["why"],
            "seen": notice.ask["seen"],
            "kept": notice.ask["kept"],
            "refused": notice.ask["refuse"],
            "necessity": notice.necessity_text if self.sensitive else "",
            "impact": notice.impact_text if self.sensitive else "",
            "yes_note": notice.ask["yes_note"],
            "no_note": notice.ask["no_note"],
            "notice": _("%(title)s, version %(version)s") % {"title": notice.title, "version": notice.version},
            "notice_url": reverse("privacy:notice", args=[notice.code]),
        }

    def valid_value(self, value: Any) -> bool:
        return str(value).partition(":")[0] in (YES, NO)

    def clean(self, value: Any) -> Any:
        value = super().clean(value)
        if not value:
            return None
        chosen, _sep, version = value.partition(":")
        notice = self.notice
        if version and version != str(notice.version):
            raise forms.ValidationError(self.error_messages["changed"], code="changed")
        if self.needed and chosen == NO:
            raise forms.ValidationError(notice.ask["refuse"], code="needed")
        return Answer(Consent.Decision.GIVEN if chosen == YES else Consent.Decision.REFUSED, self.purpose, notice)


def record_answers(
    answers: Iterable[Answer | None], *, subject: DataSubject, now: datetime, matter: Matter | None = None, method: str = "page"
) -> list[Consent]:
    """Record what a form's consent fields cleaned to, each on its own; a purpose per matter goes to the matter, the others to the person."""
    return [
        consents.record(
            subject=subject,
            purpose=answer.purpose,
            decision=answer.decision,
            notice=answer.notice,
            locale=answer.notice.locale,
            now=now,
            matter=matter if purposes.get(answer.purpose).per_matter else None,
            method=method,
        )
        for answer in answers
        if answer is not None
    ]


class ConsentForm(forms.Form):
    """One consent by itself, from the privacy page."""

    def __init__(self, *args: Any, purpose: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"] = ConsentField(purpose=purpose)
