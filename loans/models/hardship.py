"""A borrower who cannot pay as agreed: the request, what was given as evidence, the plan put to the borrower, and the holders' votes on it."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.models import Referenced
from core.states import Transitions, reached, track_state
from loans.models.event import LoanEvent
from loans.models.loan import Loan, Participation
from privacy.fields import EncryptedTextField
from privacy.models import SealedRow

HARDSHIP = Transitions(
    initial="open",
    moves={
        "open": ("claimed", "withdrawn"),
        "claimed": ("open", "proposed", "refused", "withdrawn"),
        "proposed": ("claimed", "agreed", "withdrawn"),  # back to staff when the plan is declined, runs out, or is voted down
        "refused": (),
        "agreed": (),
        "withdrawn": (),
    },
)
WAITING = ("open", "claimed", "proposed")
_ABOUT = {"subject": "loan__file__subject", "purpose": "hardship", "retention": "loan_file"}


@track_state
class HardshipRequest(Referenced, SealedRow):
    """The borrower asks for help. The words are the borrower's own, optional, and sealed."""

    REFERENCE_PREFIX = "HS"

    class Wish(models.TextChoices):
        HOLIDAY = "holiday", _("Pay nothing for a while")
        LONGER = "longer", _("Pay less each month, for longer")
        SPREAD = "spread", _("Spread what is overdue over the months to come")
        OTHER = "other", pgettext_lazy("hardship", "Something else")

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="hardships")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    wish = models.CharField(max_length=8, choices=Wish)
    affordable = models.BigIntegerField(null=True, blank=True)  # what the borrower could pay a month, minor units
    reason = EncryptedTextField(kind="hardship", null=True, blank=True, **_ABOUT)
    state = models.CharField(
        max_length=10,
        default="open",
        choices=[
            ("open", _("Waiting for us")),
            ("claimed", _("Being looked at")),
            ("proposed", _("A plan is proposed")),
            ("agreed", _("A new plan holds")),
            ("refused", _("No new plan")),
            ("withdrawn", _("Taken back")),
        ],
    )
    cools_until = models.DateField(null=True, blank=True)  # to this day no late charges, and no days late
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    answer = EncryptedTextField(kind="staff_note", null=True, blank=True, **_ABOUT)  # why not, in words for the borrower
    requested_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("hardship request")
        verbose_name_plural = _("hardship requests")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["loan"], condition=Q(state__in=WAITING), name="loans_hardshiprequest_one"),
            models.CheckConstraint(name="loans_hardshiprequest_claimed", condition=~Q(state__in=["claimed", "proposed"]) | Q(reviewer__isnull=False)),
            models.CheckConstraint(name="loans_hardshiprequest_affordable", condition=Q(affordable=None) | Q(affordable__gte=0)),
            reached(["agreed", "refused", "withdrawn"], "closed_at", name="loans_hardshiprequest_closed"),
        ]
        triggers: ClassVar = [HARDSHIP.trigger()]
        permissions: ClassVar = [("decide_hardship", "Can decide hardship requests")]


class HardshipEvidence(Referenced, SealedRow):
    """A paper the borrower chose to give with the request: cleaned, encrypted under their key, read by whoever claimed the request."""

    REFERENCE_PREFIX = "HE"

    request = models.ForeignKey(HardshipRequest, on_delete=models.PROTECT, related_name="evidence")
    name = EncryptedTextField(subject="request__loan__file__subject", purpose="hardship", kind="document", retention="loan_file")
    stored_name = models.CharField(max_length=120, unique=True)
    content_type = models.CharField(max_length=40)
    size = models.IntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("evidence of hardship")
        verbose_name_plural = _("evidence of hardship")


PLAN = Transitions(
    initial="proposed",
    moves={
        "proposed": ("voting", "in_force", "declined", "lapsed"),
        "voting": ("in_force", "outvoted", "lapsed"),
        "in_force": (),
        "declined": (),
        "outvoted": (),
        "lapsed": (),
    },
)


@track_state
class Plan(Referenced):
    """New terms for what is open, put to the borrower. In force once it is an event of the loan.

    `shown` is the old and the new schedule as both sides saw them. What the holders lose nothing by, the operator agrees to under the mandate
    of the product; what takes interest from them is put to their vote.
    """

    REFERENCE_PREFIX = "PL"

    class Kind(models.TextChoices):
        MORATORIUM = "moratorium", _("Payment holiday")
        RE_AGE = "re_age", _("Longer term")
        RE_AMORTIZE = "re_amortize", _("Overdue spread over the remaining months")
        RESTRUCTURE = "restructure", _("New terms")

    class Basis(models.TextChoices):
        MANDATE = "mandate", pgettext_lazy("basis of a plan", "Mandate of the operator")
        VOTE = "vote", pgettext_lazy("basis of a plan", "Vote of the holders")

    request = models.ForeignKey(HardshipRequest, on_delete=models.PROTECT, related_name="plans")
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="plans")
    kind = models.CharField(max_length=12, choices=Kind)
    basis = models.CharField(max_length=8, choices=Basis)
    first_due_on = models.DateField()
    periods = models.IntegerField()
    annual_rate = models.DecimalField(max_digits=9, decimal_places=6)
    waive_charges = models.BooleanField(default=False)
    shown = models.JSONField()
    state = models.CharField(
        max_length=10,
        default="proposed",
        choices=[
            ("proposed", _("Waiting for the borrower")),
            ("voting", _("The holders vote")),
            ("in_force", _("In force")),
            ("declined", _("Declined by the borrower")),
            ("outvoted", _("Voted down")),
            ("lapsed", _("Run out")),
        ],
    )
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    answer_by = models.DateField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    votes_until = models.DateField(null=True, blank=True)
    quorum = models.DecimalField(max_digits=4, decimal_places=3, null=True, blank=True)
    event = models.OneToOneField(LoanEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="plan")
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("new plan")
        verbose_name_plural = _("new plans")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["loan"], condition=Q(state__in=["proposed", "voting"]), name="loans_plan_one"),
            models.CheckConstraint(name="loans_plan_periods", condition=Q(periods__range=(1, 600))),
            models.CheckConstraint(name="loans_plan_rate", condition=Q(annual_rate__gte=0)),
            models.CheckConstraint(
                name="loans_plan_both_sides",
                condition=~Q(state__in=["voting", "in_force", "outvoted"]) | Q(accepted_at__isnull=False, accepted_by__isnull=False),
            ),
            models.CheckConstraint(name="loans_plan_voted", condition=Q(basis="mandate", votes_until=None) | Q(basis="vote")),
            models.CheckConstraint(name="loans_plan_vote_is_open", condition=~Q(state__in=["voting", "outvoted"]) | Q(basis="vote", votes_until__isnull=False)),
            reached(["in_force"], "event", name="loans_plan_in_force"),
            reached(["in_force", "declined", "outvoted", "lapsed"], "closed_at", name="loans_plan_closed"),
        ]
        triggers: ClassVar = [PLAN.trigger()]


class PlanVote(models.Model):
    """One holder's answer to a plan, weighted by the share held. Given once."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="votes")
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="votes")
    weight = models.BigIntegerField()
    in_favor = models.BooleanField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("vote on a plan")
        verbose_name_plural = _("votes on plans")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "participation"], name="loans_planvote_once"),
            models.CheckConstraint(name="loans_planvote_weight", condition=Q(weight__gt=0)),
        ]
        triggers: ClassVar = [pgtrigger.Protect(name="planvote_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]


__all__ = ["HARDSHIP", "PLAN", "WAITING", "HardshipEvidence", "HardshipRequest", "Plan", "PlanVote"]
