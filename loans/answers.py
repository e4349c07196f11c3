"""The borrower's own answers: shown back to the person they are about, checked by the section's form, saved section by section."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django import forms as django_forms

from accounts.access import actor
from accounts.models import User
from loans import application as applications
from loans import reason_words
from loans.forms import SECTION_FORMS
from loans.models import Application, Review
from privacy import disclosure
from privacy.forms import record_answers

PROJECT = ("title", "summary", "purpose", "amount", "term_months", "method")
MONEY = ("income_monthly", "debt_monthly", "debt_total", "debt_other_platforms")


def own(application: Application, section: str, *, by: User, page: str, now: datetime, only: Collection[str] = ()) -> dict[str, Any]:
    """What the person answered in a sealed section (or in `only` these fields of it), opened for themselves through the logged door."""
    fields = [name for name in applications.SEALED[section] if getattr(application.file, name) is not None and (not only or name in only)]
    if not fields:
        return {}
    opened = disclosure.reveal(application.file, fields, actor=actor(by), purpose="application", page=page, now=now)
    return {name: int(value) if name in MONEY and value else value for name, value in opened.items()}


def form(application: Application, section: str, *, data: Any = None, initial: dict[str, Any] | None = None) -> django_forms.Form:
    """The section's form."""
    extra: dict[str, Any] = {"total": application.amount} if section == "funds" else {}
    return SECTION_FORMS[section](data, initial=initial, **extra)


def saved(application: Application, section: str, *, by: User, page: str, now: datetime) -> dict[str, Any]:
    """What the form of a section begins with."""
    if section == "funds":
        return {f"{part}_{item.position}": getattr(item, part) for item in application.funds.all() for part in ("label", "amount")}
    if section == "project":
        return {name: getattr(application, name) for name in PROJECT if getattr(application, name)}
    return {} if section == "privacy" else own(application, section, by=by, page=page, now=now)


def save(application: Application, section: str, form: django_forms.Form, *, now: datetime, method: str = "page") -> None:
    """Keeps what a valid form says. `method`: how consents were given, page or api. Raises UnableToApply once the application is frozen."""
    data = form.cleaned_data
    if section == "project":
        applications.save_project(application, **data, now=now)
    elif section == "funds":
        applications.save_funds(application, items=form.items(), now=now)  # type: ignore[attr-defined]
    elif section == "privacy":
        record_answers(data.values(), subject=application.file.subject, matter=application.file.matter, now=now, method=method)
    else:
        answers = {name: None if value in (None, "") else str(value) for name, value in data.items()}
        applications.save_answers(application, section=section, answers=answers, now=now)


def reasons(application: Application, *, by: User, language: str | None, page: str, now: datetime) -> list[dict[str, Any]]:
    """The scorecard's reasons, each with the person's own figure and what would have been approved (`way`), opened for the person they are about."""
    if application.decision is None or application.emptied_at:
        return []
    opened = disclosure.reveal(application.decision, ["output"], actor=actor(by), purpose="automated_decision", page=page, now=now)
    return [reason_words.told(reason, currency=application.currency, language=language) for reason in opened["output"]["score"]["reasons"]]


def asked(application: Application, *, by: User, page: str, now: datetime) -> str:
    """What the reviewer still needs, in the reviewer's words, for the person it is asked of; empty when nothing is."""
    review = application.reviews.filter(verdict=Review.Verdict.REFER).order_by("-pk").first() if application.state == "referred" else None
    if review is None:
        return ""
    return str(disclosure.reveal(review, ["reason"], actor=actor(by), purpose="review", page=page, now=now)["reason"])
