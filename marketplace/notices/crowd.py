"""Telling many: page by page, each page a job of its own, so that a loan with thousands of holders keeps no worker from anything else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from core import outbox
from core.outbox import JobContext, handles
from notifications import message
from notifications.catalogue import Context

PAGE = 1000
# (about what, after which party) → the next parties with their facts, in the order of the parties, at most PAGE of them
Source = Callable[[int, int], list[tuple[int, Context]]]
_crowds: dict[str, Source] = {}


def source(name: str) -> Callable[[Source], Source]:
    """Registers who belongs to a crowd."""

    def register(rows: Source) -> Source:
        _crowds[name] = rows
        return rows

    return register


def tell(*, crowd: str, about: int, template: str, fact: str, link: str, now: datetime, renew: bool = False, after: int = 0) -> None:
    """Tells the crowd of `about` that `fact`, beginning behind the party `after`; another page, if there is one, is another job."""
    rows = _crowds[crowd](about, after)
    message.say(template=template, key=fact, to=dict(rows), link=link, renew=renew, now=now)
    if len(rows) == PAGE:
        payload = {"crowd": crowd, "about": about, "template": template, "fact": fact, "link": link, "renew": renew, "after": rows[-1][0]}
        outbox.enqueue("crowd.more", key=f"{fact}:{template}:{rows[-1][0]}:{now.isoformat() if renew else ''}", payload=payload)


@handles("crowd.more")
def on_more(*, job: JobContext) -> None:
    """The next page."""
    tell(**job.payload, now=job.now)
