"""A project's own words, searched before strangers read them: what would tell who wrote them is not shown, and the rest is.

A listing is never held back for it. The borrower sees at once which words are meant and may write others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts.models import IdentityCheck, Party, User
from loans.models import Application
from payments.models import BankAccount
from privacy import disclosure
from privacy.disclosure import Actor
from privacy.screening import ACCOUNT, ADDRESS, NAME, NUMBER, Finding, findings

PURPOSE = "listing_disclosure"


@dataclass(frozen=True)
class Words:
    """What of a project's words may be shown; None stands for what may not. `found` says why, by field: title, summary, funds."""

    title: str | None
    summary: str | None
    funds: tuple[dict[str, Any], ...]
    found: dict[str, list[Finding]]

    @property
    def withheld(self) -> list[str]:
        return list(self.found)


def words(application: Application, *, actor: Actor, page: str, now: datetime) -> Words:
    """The words as strangers may read them. What is held about the obligors is opened for it, and that is logged."""
    known = held(application, actor=actor, page=page, now=now)
    items = list(application.funds.order_by("position"))
    lines = {item.pk: findings(item.label, known=known) for item in items}
    found = {
        "title": findings(application.title, known=known),
        "summary": findings(application.summary, known=known),
        "funds": [each for line in lines.values() for each in line],
    }
    return Words(
        title=None if found["title"] else application.title,
        summary=None if found["summary"] else application.summary,
        funds=tuple({"label": None if lines[item.pk] else item.label, "amount": item.amount} for item in items),
        found={field: what for field, what in found.items() if what},
    )


FIELDS = {"title": gettext_lazy("the title"), "summary": gettext_lazy("the sentences about the project"), "funds": gettext_lazy("an item of the use of funds")}
KINDS = {
    NAME: gettext_lazy("“%(text)s” may be a name"),
    NUMBER: gettext_lazy("“%(text)s” may be a number of yours"),
    ADDRESS: gettext_lazy("“%(text)s” may be an address"),
    ACCOUNT: gettext_lazy("“%(text)s” may be an account of yours elsewhere"),
}


def notes(shown: Words, *, fields: Iterable[str] = FIELDS) -> list[str]:
    """What the borrower is told about words that will not be shown: which, and why. Nothing is refused for it."""
    said = []
    for field in (field for field in fields if field in shown.found):
        why = [KINDS[each.kind] % {"text": each.text} for each in shown.found[field]]
        words_ = {"field": FIELDS[field], "why": pgettext("list", ", ").join(why)}
        said.append(_("Investors will read “Not shown” in place of %(field)s: %(why)s. You can write it differently, or leave it.") % words_)
    return said


def held(application: Application, *, actor: Actor, page: str, now: datetime) -> list[str]:
    """Names, numbers and addresses of the borrower and of everybody who is bound with them."""
    parties = [application.party, *(obligor.party for obligor in application.obligors.exclude(party=None).select_related("party") if obligor.party)]
    common: dict[str, Any] = {"actor": actor, "purpose": PURPOSE, "page": page, "now": now}
    file = [name for name in ("legal_name", "phone", "address") if getattr(application.file, name) is not None]
    opened = [disclosure.reveal(application.file, file, **common)] if file else []
    for rows, fields in _of(parties):
        opened += [values for values in disclosure.reveal_many(rows, fields, **common).values() if values]
    addresses = User.objects.filter(memberships__party__in=parties).values_list("email", flat=True)
    return [*{value for values in opened for value in values.values() if value}, *set(addresses)]


def _of(parties: Iterable[Party]) -> list[tuple[Any, list[str]]]:
    ids = {party.pk for party in parties}
    return [
        (Party.objects.filter(pk__in=ids), ["name"]),
        (IdentityCheck.objects.filter(party__in=ids, state="verified").select_related("party"), ["legal_name", "number"]),
        (BankAccount.objects.filter(party__in=ids, retired_at=None).select_related("party"), ["holder_name", "number"]),
    ]
