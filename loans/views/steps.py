"""The steps of an application as pages: their order, words and forms, which are done, and which comes next. One idea a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms as django_forms
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.money import format_short
from loans import application as applications
from loans import forms
from loans.models import Application


@dataclass(frozen=True)
class Step:
    """`section` is the part of the domain the answers belong to; a step without a form has a page of its own (`page`)."""

    code: str
    title: str | Promise
    lead: str | Promise
    section: str
    form: type[django_forms.Form] | None = None
    page: str = ""
    optional: bool = False


STEPS = (
    Step("project", gettext_lazy("The project"), gettext_lazy("What investors read, in your own words."), "project", forms.ProjectForm),
    Step(
        "amount",
        gettext_lazy("Amount and term"),
        gettext_lazy("What you ask for. The price comes with our offer, and you decide then."),
        "project",
        forms.AmountForm,
    ),
    Step(
        "funds",
        gettext_lazy("Use of funds"),
        gettext_lazy("List what the money is for, item by item. Investors decide on this list."),
        "funds",
        forms.FundsForm,
    ),
    Step("background", gettext_lazy("Background"), gettext_lazy("So that the person who reads it understands you."), "background", forms.BackgroundForm),
    Step("work", gettext_lazy("Where and what you work"), gettext_lazy("About you alone. Nobody around you is asked about."), "finances", forms.WorkForm),
    Step(
        "finances",
        gettext_lazy("Income and debts"),
        gettext_lazy("From these the scorecard works out what you can carry. What you do not know, leave empty; a person reads it."),
        "finances",
        forms.FinancesForm,
    ),
    Step("repayment", gettext_lazy("Repayment plan"), gettext_lazy("Month by month, from what."), "repayment", forms.RepaymentForm),
    Step("documents", gettext_lazy("Documents"), gettext_lazy("They help, and are never required."), "documents", page="loans:documents", optional=True),
    Step(
        "obligors",
        gettext_lazy("Co-borrowers"),
        gettext_lazy("Somebody who signs with you, by their own choice."),
        "obligors",
        page="loans:obligors",
        optional=True,
    ),
    Step(
        "privacy",
        gettext_lazy("Your choices about your data"),
        gettext_lazy("Each by itself. Nothing is chosen for you."),
        "privacy",
        page="loans:choices",
    ),
)
BY_CODE = {step.code: step for step in STEPS}
REOPENED = ("background", "work", "finances", "repayment", "documents")  # what may be set right when we asked for more
FIELDS = {step.code: tuple(step.form.base_fields) for step in STEPS if step.form and step.section in applications.SEALED}


def url_of(step: Step, application: Application) -> str:
    return reverse(step.page, args=[application.reference]) if step.page else reverse("loans:section", args=[application.reference, step.code])


def done(application: Application) -> dict[str, bool]:
    """Each step and whether it is complete."""
    progress, file = applications.progress(application, now=timezone.now()), application.file
    found = {step.code: progress.get(step.section, True) for step in STEPS}
    found["project"] = bool(application.title and application.summary and application.purpose)
    found["amount"] = bool(application.amount and application.term_months and application.method)
    for code in ("work", "finances"):
        found[code] = all(getattr(file, name) is not None for name in FIELDS[code] if name in applications.NEEDED["finances"])
    found["obligors"] = not application.obligors.filter(state="invited").exists()
    return found


def tasks(application: Application, *, current: str = "") -> list[dict[str, Any]]:
    """The steps for the task list."""
    finished = done(application)
    return [
        {
            "title": step.title,
            "url": url_of(step, application),
            "state": _state(step, application, finished),
            "words": _words(step, application, finished),
            "current": step.code == current,
        }
        for step in STEPS
        if application.state == "draft" or step.code in REOPENED
    ]


def _state(step: Step, application: Application, finished: dict[str, bool]) -> str:
    if step.code == "obligors" and not finished["obligors"]:
        return "now"
    if step.optional:
        return "done" if _count(step, application) else "todo"
    return "done" if finished[step.code] else "todo"


def _count(step: Step, application: Application) -> int:
    if step.code == "documents":
        return application.documents.filter(removed_at=None).count()
    return application.obligors.filter(role="co_borrower", state__in=["invited", "joined"]).count()


def _words(step: Step, application: Application, finished: dict[str, bool]) -> str:
    if step.code == "amount" and finished["amount"]:
        return _("%(amount)s, %(months)s months") % {
            "amount": format_short(application.amount or 0, application.currency),
            "months": application.term_months,
        }
    if step.optional:
        count = _count(step, application)
        if not count:
            return _("Optional")
        if step.code == "documents":
            return ngettext("%(n)s file", "%(n)s files", count) % {"n": count}
        return _("Waiting for an answer") if not finished["obligors"] else _("Joined")
    return _("Done") if finished[step.code] else _("To do")


def missing(application: Application) -> list[dict[str, Any]]:
    """Steps still to do before it can be sent."""
    finished = done(application)
    return [{"title": step.title, "url": url_of(step, application)} for step in STEPS if not finished[step.code]]


def after(step: Step, application: Application) -> str:
    """Where "save and continue" leads: the next step that is not done, or checking the answers."""
    finished = done(application)
    place = STEPS.index(step)
    following = next((other for other in STEPS[place + 1 :] if not finished[other.code] or other.optional), None)
    following = following or next((other for other in STEPS if not finished[other.code]), None)
    return url_of(following, application) if following else reverse("loans:check", args=[application.reference])


def number(step: Step) -> int:
    return STEPS.index(step) + 1
