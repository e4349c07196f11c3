"""A run that placed money: told to each investor whose money it was, once, with the way to the proof."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.outbox import JobContext, handles
from marketplace.models import MatchRun, RunPart
from marketplace.notices import crowd
from notifications.catalogue import Context, Template, register

register(
    Template(
        code="run.placed",
        kind="pledge",
        title=_("Your mandates placed %(amount)s"),
        text=_(
            "Run %(reference)s: the money is reserved, not spent. You can take it back from any loan that is not full yet. The proof of your part is there."
        ),
        action=_("See my part"),
    )
)


@crowd.source("run_parts")
def parts_of(about: int, after: int) -> list[tuple[int, Context]]:
    rows = RunPart.objects.filter(run=about, party__gt=after, placed__gt=0).select_related("run").order_by("party_id")[: crowd.PAGE]
    return [(row.party_id, {"reference": row.run.reference, "amount": row.placed, "currency": row.run.currency}) for row in rows]


@handles("run.booked")
def on_booked(*, job: JobContext) -> None:
    run = MatchRun.objects.get(pk=job.payload["run"])
    link = reverse("marketplace:proof", args=[run.reference])
    crowd.tell(crowd="run_parts", about=run.pk, template="run.placed", fact=job.key, link=link, now=job.now)
