"""A loan that is not paid as agreed: the case with its stage, what was promised and whether it was kept, write-off, recoveries, the sale of a claim."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.models import Referenced
from core.states import Transitions, reached, track_state
from loans.models.event import LoanEvent
from loans.models.loan import Loan
from payments.models import Payment
from privacy.fields import EncryptedTextField
from privacy.models import SealedRow
from privacy.shown import ShownTextField

EARLY = ("reminded", "talking", "last_notice")  # by days late; the night moves between them
CASE = Transitions(
    initial=(*EARLY, "in_default", "written_off"),
    moves={
        "reminded": ("talking", "last_notice", "in_default", "written_off", "closed"),
        "talking": ("reminded", "last_notice", "in_default", "written_off", "closed"),
        "last_notice": ("reminded", "talking", "in_default", "written_off", "closed"),
        "in_default": (*EARLY, "in_court", "written_off", "closed"),
        "in_court": (*EARLY, "in_default", "written_off", "closed"),  # early again: a backdated entry showed that there was no default
        "written_off": (*EARLY, "in_default", "in_court", "sold", "closed"),
        "sold": ("closed",),
        "closed": (),
    },
)


@track_state
class CollectionsCase(Referenced):
    """From the first night past the grace days until nothing is overdue, or the loan is repaid. Its stage has words for everybody it concerns."""

    REFERENCE_PREFIX = "CC"

    class Outcome(models.TextChoices):
        CAUGHT_UP = "caught_up", pgettext_lazy("end of a case", "Paid up")
        PLAN = "plan", pgettext_lazy("end of a case", "A new plan")
        REPAID = "repaid", pgettext_lazy("end of a case", "Repaid in full")

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="cases")
    stage = models.CharField(
        max_length=12,
        choices=[
            ("reminded", _("Reminded")),
            ("talking", _("In talks")),
            ("last_notice", _("Last notice before default")),
            ("in_default", _("In default, being collected")),
            ("in_court", _("Before a court")),
            ("written_off", _("Written off, recovery goes on")),
            ("sold", _("Claim sold")),
            ("closed", _("Over")),
        ],
    )
    opened_on = models.DateField()
    stage_since = models.DateField()
    defaulted_on = models.DateField(null=True, blank=True)
    owed_at_default = models.BigIntegerField(null=True, blank=True)  # principal then, minor units: what recoveries are measured against
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    closed_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("collections case")
        verbose_name_plural = _("collections cases")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["loan"], condition=Q(closed_on=None), name="loans_collectionscase_one"),
            models.CheckConstraint(
                name="loans_collectionscase_default",
                condition=Q(defaulted_on=None, owed_at_default=None) | Q(defaulted_on__isnull=False, owed_at_default__gte=0),
            ),
            models.CheckConstraint(
                name="loans_collectionscase_outcome", condition=Q(closed_on=None, outcome="") | (Q(closed_on__isnull=False) & ~Q(outcome=""))
            ),
            reached(["closed"], "closed_on", field="stage", name="loans_collectionscase_closed"),
        ]
        triggers: ClassVar = [CASE.trigger("stage")]


PROMISE = Transitions(initial="open", moves={"open": ("kept", "broken", "replaced"), "kept": (), "broken": (), "replaced": ()})


@track_state
class Promise(Referenced):
    """So much by that day, said by the borrower: kept or broken is found when the day is closed."""

    REFERENCE_PREFIX = "PR"

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="promises")
    amount = models.BigIntegerField()
    due_on = models.DateField()
    made_on = models.DateField()
    after_event = models.IntegerField()  # what was paid by then does not count for it
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=8,
        default="open",
        choices=[("open", pgettext_lazy("promise", "Open")), ("kept", _("Kept")), ("broken", _("Broken")), ("replaced", _("Replaced by another"))],
    )
    created_at = models.DateTimeField()
    judged_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("promise to pay")
        verbose_name_plural = _("promises to pay")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["loan"], condition=Q(state="open"), name="loans_promise_one"),
            models.CheckConstraint(name="loans_promise_amount", condition=Q(amount__gt=0, due_on__gte=F("made_on"))),
            reached(["kept", "broken", "replaced"], "judged_on", name="loans_promise_judged"),
        ]
        triggers: ClassVar = [PROMISE.trigger()]


TWO_PEOPLE = Transitions(initial="proposed", moves={"proposed": ("approved", "turned_down", "lapsed"), "approved": (), "turned_down": (), "lapsed": ()})
_STATES = [("proposed", _("Proposed")), ("approved", _("Approved")), ("turned_down", _("Turned down")), ("lapsed", _("Run out"))]


class TwoPeople(Referenced):
    """What one member of staff proposes and another approves. It lapses when the loan is no longer in the state it was proposed for."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="%(class)ss")
    state = models.CharField(max_length=11, default="proposed", choices=_STATES)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    event = models.OneToOneField(LoanEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="%(class)s")

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["loan"], condition=Q(state="proposed"), name="loans_%(class)s_one"),
            models.CheckConstraint(name="loans_%(class)s_four_eyes", condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by"))),
            models.CheckConstraint(
                name="loans_%(class)s_decided",
                condition=Q(state__in=["proposed", "lapsed"], decided_by=None) | Q(state__in=["approved", "turned_down"], decided_by__isnull=False),
            ),
            reached(["approved", "turned_down", "lapsed"], "decided_at", name="loans_%(class)s_decided_at"),
            reached(["approved"], "event", name="loans_%(class)s_event"),
        ]


@track_state
class WriteOff(TwoPeople, SealedRow):
    """The book stops counting on the money; what is owed stays owed."""

    REFERENCE_PREFIX = "WO"

    class Reason(models.TextChoices):
        NOTHING_EXPECTED = "nothing", _("Nothing more is expected to come")
        TOO_COSTLY = "costly", _("Collecting would cost more than it brings")
        INSOLVENT = "insolvent", _("Insolvency of the borrower")
        DECEASED = "deceased", _("The borrower has died and left nothing")

    reason = models.CharField(max_length=10, choices=Reason)
    note = EncryptedTextField(subject="loan__file__subject", purpose="collections", kind="staff_note", retention="loan_file")
    owed = models.BigIntegerField()  # principal when it was proposed, and again when it was approved

    class Meta(TwoPeople.Meta):
        verbose_name = _("write-off")
        verbose_name_plural = _("write-offs")
        triggers: ClassVar = [TWO_PEOPLE.trigger()]
        permissions: ClassVar = [
            ("propose_write_off", "Can propose write-offs and sales of claims"),
            ("approve_write_off", "Can approve write-offs and sales of claims"),
        ]


@track_state
class DebtSale(TwoPeople, SealedRow):
    """The claim passed to a licensed buyer: a record, told to the borrower before anything else."""

    REFERENCE_PREFIX = "DS"

    buyer = ShownTextField(subject="loan__file__subject", purpose="collections", kind="contract_terms", retention="loan_file")  # of somebody's claim
    license = models.CharField(max_length=60)  # of the buyer, as its supervisor lists it
    price = models.BigIntegerField()
    receipt = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="+")  # what the buyer paid; it reaches the holders
    claim = models.BigIntegerField()  # all that was owed when it was proposed, and again when it was approved
    sold_on = models.DateField()

    class Meta(TwoPeople.Meta):
        verbose_name = _("sale of a claim")
        verbose_name_plural = _("sales of claims")
        constraints: ClassVar = [
            *TwoPeople.Meta.constraints,
            models.CheckConstraint(name="loans_debtsale_amounts", condition=Q(price__gte=0, claim__gt=0)),
            models.CheckConstraint(name="loans_debtsale_names_the_buyer", condition=Q(buyer__isnull=False)),
        ]
        triggers: ClassVar = [TWO_PEOPLE.trigger()]


class Recovery(Referenced):
    """Money that came after default or write-off, and what it cost to get: the waterfall from what came in to what the holders got."""

    REFERENCE_PREFIX = "RV"

    class Source(models.TextChoices):
        BORROWER = "borrower", pgettext_lazy("source of a recovery", "The borrower")
        GUARANTOR = "guarantor", pgettext_lazy("source of a recovery", "A guarantor")
        COURT = "court", pgettext_lazy("source of a recovery", "A court")
        BUYER = "buyer", pgettext_lazy("source of a recovery", "The buyer of the claim")

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="recoveries")
    event = models.OneToOneField(LoanEvent, on_delete=models.PROTECT, related_name="recovery")
    source = models.CharField(max_length=10, choices=Source)
    gross = models.BigIntegerField()
    costs = models.BigIntegerField()
    net = models.BigIntegerField()
    received_on = models.DateField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("recovery")
        verbose_name_plural = _("recoveries")
        constraints: ClassVar = [models.CheckConstraint(name="loans_recovery_waterfall", condition=Q(costs__gte=0, net__gt=0, gross=F("costs") + F("net")))]
        triggers: ClassVar = [pgtrigger.Protect(name="recovery_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]


@track_state
class RecoveryProposal(TwoPeople):
    """A recovery out of which costs are taken, before the second person has agreed: like any fee, costs need two."""

    REFERENCE_PREFIX = "RO"

    source = models.CharField(max_length=10, choices=Recovery.Source)
    gross = models.BigIntegerField()
    costs = models.BigIntegerField()

    class Meta(TwoPeople.Meta):
        verbose_name = _("proposed recovery")
        verbose_name_plural = _("proposed recoveries")
        constraints: ClassVar = [
            *TwoPeople.Meta.constraints,
            models.CheckConstraint(name="loans_recoveryproposal_amounts", condition=Q(costs__gt=0, gross__gt=F("costs"))),
        ]
        triggers: ClassVar = [TWO_PEOPLE.trigger()]
