"""One run of the market: what was promised before, what went in, what came out, what was booked."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from core.models import Referenced
from core.states import Transitions, reached, track_state

RUN = Transitions(
    initial="committed",
    moves={"committed": ("frozen", "skipped"), "frozen": ("solved",), "solved": ("booked",), "booked": (), "skipped": ()},
)
OPEN = ("committed", "frozen", "solved")


@track_state
class MatchRun(Referenced):
    """`commitment` is sha256 of a secret drawn before anything goes in; the seed is sha256(secret|input_sha256), so nobody could choose either.

    The input and the certificates are sealed files: they hold figures of people, under names drawn for this run. `public` is the file everybody may read.
    """

    REFERENCE_PREFIX = "MR"

    currency = models.CharField(max_length=3)
    due_at = models.DateTimeField(_("time of the run"))
    state = models.CharField(
        max_length=10,
        default="committed",
        choices=[
            ("committed", _("Announced")),
            ("frozen", _("Input fixed")),
            ("solved", _("Computed")),
            ("booked", _("Booked")),
            ("skipped", _("Nothing to match")),
        ],
    )
    commitment = models.CharField(max_length=64)
    sealed_secret = models.BinaryField()
    secret = models.CharField(max_length=64, blank=True)
    committed_at = models.DateTimeField()
    frozen_at = models.DateTimeField(null=True, blank=True)
    solved_at = models.DateTimeField(null=True, blank=True)
    booked_at = models.DateTimeField(null=True, blank=True)
    skipped_at = models.DateTimeField(null=True, blank=True)
    busy_until = models.DateTimeField(null=True, blank=True)
    rule = models.CharField(max_length=20, default="fair-flow/1")
    seed = models.CharField(max_length=64, blank=True)
    input_sha256 = models.CharField(max_length=64, blank=True)
    input_path = models.CharField(max_length=80, blank=True)
    result_path = models.CharField(max_length=80, blank=True)
    counts = models.JSONField(default=dict)
    public = models.JSONField(default=dict)
    figures = models.JSONField(default=dict)
    placed = models.BigIntegerField(default=0)
    dropped = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["currency"], condition=Q(state__in=OPEN), name="marketplace_run_one_at_a_time"),
            models.UniqueConstraint(fields=["currency", "due_at"], name="marketplace_run_once"),
            models.CheckConstraint(name="marketplace_run_committed", condition=Q(commitment__regex="^[0-9a-f]{64}$")),
            models.CheckConstraint(name="marketplace_run_seeded", condition=Q(state__in=["committed", "frozen", "skipped"]) | ~Q(seed="")),
            reached(["frozen", "solved", "booked"], "frozen_at", name="marketplace_run_frozen"),
            reached(["solved", "booked"], "solved_at", name="marketplace_run_solved"),
            reached(["booked"], "booked_at", name="marketplace_run_booked"),
            reached(["skipped"], "skipped_at", name="marketplace_run_skipped"),
        ]
        triggers: ClassVar = [RUN.trigger()]
        indexes: ClassVar = [models.Index(fields=["-due_at"], name="marketplace_run_by_time")]


class RunPart(models.Model):
    """A party's part in a run: the name it had in it, and of each of its mandates. Erasing the party removes this row, and with it who was who."""

    run = models.ForeignKey(MatchRun, on_delete=models.PROTECT, related_name="parts")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="run_parts")
    pseudonym = models.CharField(max_length=20)
    mandates = models.JSONField(default=dict)
    placed = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("part in a run")
        verbose_name_plural = _("parts in runs")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "party"], name="marketplace_runpart_once"),
            models.UniqueConstraint(fields=["run", "pseudonym"], name="marketplace_runpart_name"),
        ]
        indexes: ClassVar = [models.Index(fields=["party", "-id"], name="marketplace_runpart_by_party")]

    def __str__(self) -> str:
        return self.pseudonym
