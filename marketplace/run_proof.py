"""What an investor can prove of a run: their own part of the input, their certificate, and whether every row of it holds.

`recompute match INPUT --check CERTIFICATE` says the same from the two files alone, on any machine.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from marketplace import run_input, run_store
from marketplace.matching import checking
from marketplace.matching.proving import Failure
from marketplace.models import MatchRun, RunPart

JSON = dict[str, Any]
ROWS = (
    (0, _("The certificate belongs to this run, and no limit of yours is exceeded")),
    (1, _("Nothing that was open to you went to a level above yours")),
    (2, _("You took nothing from anybody at a lower level")),
    (3, _("Where you have money left, every loan within your reach is full")),
    (4, _("Your whole units are the exact amount, rounded by the lottery")),
    (5, _("Levels never fall from block to block, and no loan is over-funded")),
)


@dataclass(frozen=True)
class Proof:
    """One party's part in a run. `own` is None where the party had less than one unit of idle cash."""

    run: MatchRun
    part: RunPart
    own: JSON | None
    mandates: list[JSON]
    listings: list[JSON]
    failures: list[Failure] = field(default_factory=list)

    @property
    def level(self) -> Fraction:
        return Fraction(self.own["level"]) if self.own else Fraction(0)

    @property
    def level_share(self) -> Decimal:
        return Decimal(self.level.numerator) / self.level.denominator

    @property
    def placed(self) -> int:
        return int(self.own["units"]) * self.unit if self.own else 0

    @property
    def idle(self) -> int:
        return int(self.own["weight"]) * self.unit if self.own else 0

    @property
    def unit(self) -> int:
        return int(self.run.public["unit_minor"])

    @property
    def input(self) -> JSON:
        return {"listings": self.listings, "mandates": self.mandates, "seed": self.run.seed}

    @property
    def certificate(self) -> JSON:
        return {"run": self.run.public, "investors": {self.part.pseudonym: self.own} if self.own else {}}

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Each row of the certificate and whether it holds."""
        wrong = {failure.row for failure in self.failures}
        return [{"number": number, "words": words, "holds": number not in wrong} for number, words in ROWS]

    @property
    def valid(self) -> bool:
        return not self.failures


def proof(run: MatchRun, party: Party) -> Proof | None:
    """The party's part of a run that was booked, checked now; None when it had none."""
    part = RunPart.objects.filter(run=run, party=party).first()
    if part is None or run.state != "booked":
        return None
    kept = run_store.open_input(run)
    own = run_store.open_result(run)["certificates"]["investors"].get(part.pseudonym)
    mandates = [row for row in kept["mandates"] if row["investor"] == part.pseudonym]
    found = Proof(run, part, own, mandates, _listings(kept["listings"], mandates))
    return found if own is None else Proof(**{**found.__dict__, "failures": _check(found)})


def _listings(rows: list[JSON], mandates: list[JSON]) -> list[JSON]:
    """What the market offered. Which loans share a borrower is told only where a limit of one's own turns on it."""
    if any("per_borrower_minor" in row for row in mandates):
        return rows
    return [row | {"borrower": row["id"]} for row in rows]


def _check(found: Proof) -> list[Failure]:
    _scope, failures = checking.check(run_input.read(found.input, seed=found.run.seed), found.certificate)
    return failures


def seed_holds(run: MatchRun) -> bool:
    """Whether the secret revealed is the one committed to, and the seed follows from it and the input."""
    committed = hashlib.sha256(run.secret.encode()).hexdigest() == run.commitment
    return committed and run_store.seed_of(run.secret, run.input_sha256) == run.seed
