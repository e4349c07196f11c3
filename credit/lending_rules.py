"""The house's rules beside a model: dated, sealed, and named by each decision, so that an old decision comes out again by the rules it was made by.

A rule is changed by adding a file; no file is ever edited.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

FILES = Path(__file__).with_name("models") / "rules"
CURRENT = "lending-3"
BEFORE_NAMES = ("lending-2", "lending-1")  # decisions that name no rules were made by one of these, the latest first
SEALED = {  # SHA-256 of each file, as it came into force
    "lending-1": "1d722163d01eb0e3d155f0b6b4f80ed83acf5ee28e1221b744d64346c7d6bf29",
    "lending-2": "615fa43dadf5b1309d08a82da1823d91e37f412b0297cc7c2155c66d3138dd48",
    "lending-3": "169deb2d72589b99fe4193a3bea62356981a80a421e823fa0930e96e3708d669",
}


class AlteredRules(Exception):
    """The file of the rules is not the one that came into force, or there is none of that name."""


@dataclass(frozen=True)
class Rules:
    """`scale` names the scorecard whose grades, thresholds and terms hold for every model. `carried`: the share of income that debts and the loan
    may take. `counted_as`: so many comparable loans are taken to have shown a probability; a price is made for the upper end of what they leave open.
    """

    name: str
    digest: str
    since: date
    scale: str
    never_approved: str
    carried: Decimal | None
    counted_as: int | None

    @property
    def reference(self) -> str:
        return f"{self.name}@{self.digest}"

    def carries(self, burden: Decimal) -> bool:
        return self.carried is None or burden <= self.carried


@cache
def load(name: str = CURRENT) -> Rules:
    """Raises AlteredRules."""
    if name not in SEALED:
        raise AlteredRules(f"there are no rules {name!r}")
    raw = (FILES / f"{name}.json").read_bytes()
    digest = hashlib.sha256(raw).hexdigest()
    if SEALED[name] != digest:
        raise AlteredRules(f"the file of {name} is not the one that came into force")
    body = json.loads(raw)
    carried = body["income_carries"]
    return Rules(
        name=name,
        digest=digest,
        since=date.fromisoformat(body["from"]),
        scale=body["scale"],
        never_approved=body["never_approved"],
        carried=None if carried is None else Decimal(carried),
        counted_as=body["counted_as"],
    )


def named(reference: str) -> Rules:
    """The rules a decision names, with the hash it names. Raises AlteredRules."""
    found = load(reference.partition("@")[0])
    if found.reference != reference:
        raise AlteredRules(f"{reference} is not what the file of {found.name} is")
    return found
