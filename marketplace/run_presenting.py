"""Words and figures for the pages of runs. The promises are those of docs/matching.md, and no others."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from marketplace.models import Mandate, MatchRun, Pledge
from marketplace.run_proof import Proof

PROMISES: tuple[str | Promise, ...] = (
    _("As much money is placed as can be placed within everybody’s limits."),
    _("Among all ways to do that, the investor with the lowest level is as well off as possible, then the next, and so on."),
    _("If you stand below 100%, then for every loan that fits you either your own limit on it is full, or the loan is full and nobody stands above you in it."),
    _("Hiding cash, choosing fewer loans or lowering limits never places more of your money in total."),
    _("Splitting your money into two mandates, with the limits shared out, places no more; levels belong to you, not to a mandate."),
    _("A larger loan, or a competitor less, takes nothing from anybody."),
    _("Nobody is served earlier: not by speed, not by age, not by software. Whole units are drawn by lot, with odds equal to the fraction you are owed."),
)
NOT_PROMISED: tuple[str | Promise, ...] = (
    _("Anything from one run to the next."),
    _("A return, or that a loan fills."),
    _("More of the loans you like best: the rule evens out totals, not tastes. Choosing only these can bring more of them."),
    _("Equality below one unit."),
    _("That more cash brings no more: levels are shares of idle cash, so more settled cash attracts a larger amount."),
    _("The same loans under another version of our software; your level would be the same under any."),
)
POLICIES: dict[str, tuple[str | Promise, str | Promise]] = {
    "fair-flow/1": (_("This platform’s rule"), _("most money, then the lowest level first")),
    "queue": (_("Queue"), _("who was served goes to the back")),
    "pro-rata": (_("Pro rata"), _("in proportion to what each could take, loan by loan")),
    "first-come": (_("First come"), _("by the age of the mandate")),
    "lottery": (_("Lottery"), _("drawn anew for each loan")),
    "least-filled": (_("Least filled"), _("who has placed the least of their cash comes first")),
    "largest-first": (_("Largest first"), _("the larger amount first, then the lower rate asked")),
}
REASONS = {
    "listing": _("the loan was gone, full or smaller by then"),
    "cash": _("the cash was no longer there"),
    "mandate": _("the mandate was stopped meanwhile"),
    "suits": _("it was more than the investor may put in by then"),
    "own": _("it would have been a loan of their own"),
}


def blocks(run: MatchRun) -> list[dict[str, Any]]:
    """Each block of equal level: the level, its loans, how many of them are full."""
    found = [
        {"number": number, "level": Decimal(p) / q, "exact": f"{p}/{q}", "total": total, "loans": 0, "full": 0}
        for number, ((p, q), total) in enumerate(zip(run.public["levels"], run.public["totals"], strict=True), start=1)
    ]
    for units, filled, block in run.public["listings"].values():
        found[block]["loans"] += 1
        found[block]["full"] += filled == units
    unit = run.public["unit_minor"]
    return [row | {"amount": None if row["total"] is None else row["total"] * unit} for row in found]


def policies(run: MatchRun) -> list[dict[str, Any]]:
    """Every rule on the same market, ours first: how much of the most it places, and how evenly."""
    rows = run.figures["policies"]
    return [
        {
            "name": POLICIES[row["rule"]][0],
            "words": POLICIES[row["rule"]][1],
            "ours": row["rule"] == run.rule,
            "volume": Decimal(row["volume"]),
            "lowest": Decimal(row["lowest"]),
            "tenth": Decimal(row["tenth"]),
            "gini": Decimal(row["gini"]).quantize(Decimal("0.001")),
        }
        for row in rows
    ]


def dropped(run: MatchRun) -> list[tuple[str | Promise, int]]:
    """What was matched and could not be booked, by reason."""
    return [(REASONS[why], amount) for why, amount in run.dropped.items()]


def fills(proof: Proof) -> list[dict[str, Any]]:
    """What the run placed for the party, and what of it was booked."""
    if proof.own is None:
        return []
    named = {name: mandate for name, (mandate, _number) in proof.part.mandates.items()}
    references = dict(Mandate.objects.filter(pk__in=named.values()).values_list("pk", "reference"))
    rows = Pledge.objects.filter(party=proof.part.party_id, listing__reference__in=[row[1] for row in proof.own["fills"]], run__isnull=False)
    booked = {row.listing.reference: row for row in rows.select_related("listing").order_by("pk")}
    return [
        {"listing": listing, "mandate": references.get(named[name], ""), "amount": units * proof.unit, "pledge": booked.get(listing)}
        for name, listing, units in proof.own["fills"]
    ]
