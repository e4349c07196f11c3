"""A borrower's file as each viewer sees it: for the borrower who asks how they look, and on paper for a viewer. Both from the disclosed record only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts.access import actor
from accounts.models import User
from core.money import format_amount
from core.templatetags.money import percent
from loans import disclosure, typeset, withheld
from loans.models import Application
from marketplace import presenting
from marketplace.models import Listing

WHOLE = ("legal_name", "address")


@dataclass(frozen=True)
class Step:
    """One way of being seen: by whom, at which stage of the loan."""

    code: str
    relation: str
    stage: str
    title: str | Promise


STEPS = (
    Step("listed", disclosure.INVESTOR, "listing", gettext_lazy("While it is listed: every verified investor")),
    Step("pledged", disclosure.PLEDGER, "listing", gettext_lazy("After a pledge: who pledged")),
    Step("funded", disclosure.HOLDER, "funded", gettext_lazy("After the payout: who holds a share")),
    Step("late", disclosure.HOLDER, "late", gettext_lazy("When a payment is late: who holds a share")),
    Step("default", disclosure.HOLDER, "default", gettext_lazy("In default: who holds a share")),
    Step("enforced", disclosure.CLAIMANT, "enforcement", gettext_lazy("In enforcement: the named claimant")),
)


def step(code: str) -> Step:
    """That step; the first where there is no such."""
    return next((each for each in STEPS if each.code == code), STEPS[0])


def preview(application: Application, chosen: Step, *, by: User, now: datetime) -> dict[str, Any]:
    """What the viewer of that step reads of this file, what not and why; opened for the borrower, by the same function as for everybody else."""
    who = actor(by, role="self")
    record = disclosure.disclose(application.file, relation=chosen.relation, stage=chosen.stage, actor=who, page="marketplace.seen", now=now)
    whole = [(str(withheld.LABELS[name]), record[name]["value"] or _("Not shown")) for name in WHOLE if record[name]["form"] == disclosure.FULL]
    return {
        "facts": [*whole, *presenting.facts_of(record, application.currency)],
        "life": withheld.life(relation=chosen.relation, stage=chosen.stage),
        "withheld": withheld.of(relation=chosen.relation, stage=chosen.stage),
        "less_precise": any(cell.get("level") for cell in record.values()),
    }


def watermark(*listings: Listing, viewer: User, on: date) -> str:
    """Who this copy was shown to, on which day: the access log says the rest."""
    return " · ".join((viewer.pseudonym, *(listing.reference for listing in listings), on.isoformat()))


def paper(listing: Listing, *, viewer: User, relation: str, on: date) -> bytes:
    """The disclosed record as PDF, marked for its one reader."""
    language, mark = get_language() or "en", watermark(listing, viewer=viewer, on=on)
    kept = withheld.of(relation=relation, stage=listing.loan.file.stage)
    blocks = [
        {"kind": "note", "text": _("Shown to %(viewer)s on %(day)s. It is about a person: keep it to yourself.") % _reader(viewer, on)},
        {"kind": "pairs", "rows": _terms(listing)},
        _heading(_("The project")),
        {"kind": "text", "text": listing.summary or _("Not shown")},
        {"kind": "pairs", "rows": [[item["label"] or _("Not shown"), format_amount(item["amount"], listing.currency)] for item in listing.funds]},
        _heading(_("What we know, and how")),
        {"kind": "pairs", "rows": [list(fact) for fact in presenting.facts(listing)]},
        _heading(_("What is withheld, and why")),
        {"kind": "pairs", "rows": [[each.label, each.why] for each in kept]},
    ]
    return typeset.render({"title": listing.title, "language": language, "footer": mark, "mark": mark, "blocks": blocks})


def _reader(viewer: User, on: date) -> Mapping[str, str]:
    return {"viewer": viewer.pseudonym, "day": date_format(on, "DATE_FORMAT")}


def _heading(text: str) -> dict[str, str]:
    return {"kind": "heading", "text": text}


def _terms(listing: Listing) -> list[list[str]]:
    return [
        [_("Amount"), format_amount(listing.target, listing.currency)],
        [_("Annual rate"), percent(listing.annual_rate)],
        [_("Term"), _("%(months)s months") % {"months": listing.term_months}],
        [_("Grade"), listing.grade],
    ]
