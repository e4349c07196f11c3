"""The loan itself: its contract, its state, who holds it, and its payout."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from core.models import Referenced
from core.states import Transitions, reached, track_state
from ledger.constraints import FillFactor
from loans.models.agreement import Agreement
from loans.models.file import BorrowerFile
from loans.waterfall import STANDARD_ORDER
from payments.models import BankAccount, Payment

LOAN = Transitions(
    initial="agreed",
    moves={
        "agreed": ("funded", "cancelled"),
        "funded": ("active", "cancelled"),
        "active": ("late", "repaid"),
        "late": ("active", "defaulted", "repaid"),
        "defaulted": ("late", "active", "repaid", "written_off"),
        "written_off": ("repaid", "defaulted"),
        "repaid": ("active", "written_off"),  # only when a payment is undone
        "cancelled": (),
    },
)


@track_state
class Loan(Referenced):
    """One contract. Before it is funded it is only agreed; its schedule exists from disbursement."""

    REFERENCE_PREFIX = "LN"

    agreement = models.OneToOneField(Agreement, on_delete=models.PROTECT, related_name="loan")
    file = models.OneToOneField(BorrowerFile, on_delete=models.PROTECT, related_name="loan")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="loans")
    principal = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    annual_rate = models.DecimalField(max_digits=9, decimal_places=6)
    servicing_fee_rate = models.DecimalField(max_digits=9, decimal_places=6)
    penalty_rate = models.DecimalField(max_digits=9, decimal_places=6)
    grace_days = models.IntegerField()
    default_after_days = models.IntegerField(default=90)
    payment_order = models.CharField(max_length=120, default=STANDARD_ORDER)
    origination_fee = models.BigIntegerField()
    term_months = models.IntegerField()
    method = models.CharField(max_length=20)
    state = models.CharField(
        max_length=12,
        default="agreed",
        choices=[
            ("agreed", _("Agreed")),
            ("funded", _("Funded")),
            ("active", _("On schedule")),
            ("late", _("Late")),
            ("defaulted", _("Defaulted")),
            ("written_off", _("Written off")),
            ("repaid", _("Repaid")),
            ("cancelled", _("Cancelled")),
        ],
    )
    days_late = models.IntegerField(default=0)
    autopay = models.BooleanField(default=False)  # the borrower's standing order: pay what falls due from the wallet
    created_at = models.DateTimeField()
    funded_at = models.DateTimeField(null=True, blank=True)
    disbursed_on = models.DateField(null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("loan")
        verbose_name_plural = _("loans")
        constraints: ClassVar = [
            models.CheckConstraint(name="loans_loan_principal_positive", condition=Q(principal__gt=0) & Q(origination_fee__gte=0)),
            models.CheckConstraint(name="loans_loan_days_late", condition=Q(days_late__gte=0)),
            models.CheckConstraint(
                name="loans_loan_disbursed",
                condition=Q(state__in=["agreed", "funded", "cancelled"], disbursed_on=None)
                | (~Q(state__in=["agreed", "funded", "cancelled"]) & Q(disbursed_on__isnull=False)),
            ),
            reached(["repaid"], "closed_on", name="loans_loan_closed"),
            models.CheckConstraint(name="loans_loan_funded", condition=Q(state__in=["agreed", "cancelled"]) | Q(funded_at__isnull=False)),
            # Every night rewrites the days late of some: room beside them, so that six indexes need no new entries.
            FillFactor(name="loans_loan_fill_factor", percent=85),
        ]
        triggers: ClassVar = [LOAN.trigger()]
        permissions: ClassVar = [("service_loan", "Can service loans")]

    @property
    def ledger_owner(self) -> str:
        return f"loan:{self.pk}"


class Participation(models.Model):
    """One party's holding of one loan: the register of owners. Handed on in full it holds nothing, and its row stays for what it once received."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="participations", db_index=False)  # the unique key begins with it
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="participations")
    amount = models.BigIntegerField()
    received_principal = models.BigIntegerField(default=0)  # running totals: entitlement is cumulative, so shares stay exact for life
    received_interest = models.BigIntegerField(default=0)
    received_fees = models.BigIntegerField(default=0)
    received_penalties = models.BigIntegerField(default=0)
    originated_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("participation")
        verbose_name_plural = _("participations")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["loan", "party"], name="loans_participation_once"),
            # Every repayment rewrites the totals: with room on the page the new version needs no new index entries.
            FillFactor(name="loans_participation_fill_factor", percent=70),
            models.CheckConstraint(name="loans_participation_amount_positive", condition=Q(amount__gt=0, ended_at=None) | Q(amount=0, ended_at__isnull=False)),
            models.CheckConstraint(
                name="loans_participation_never_over",
                condition=Q(
                    received_principal__gte=0,
                    received_principal__lte=F("amount"),
                    received_interest__gte=0,
                    received_fees__gte=0,
                    received_penalties__gte=0,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan}, {self.party}"


DISBURSEMENT = Transitions(
    initial="prepared",
    moves={
        "prepared": ("proposed", "cancelled"),
        "proposed": ("approved", "prepared", "cancelled"),
        "approved": ("sent", "prepared"),
        "sent": ("settled", "refused", "unknown"),
        "unknown": ("settled", "refused"),
        "refused": ("prepared",),
        "settled": (),
        "cancelled": (),
    },
)


@track_state
class Disbursement(Referenced):
    """The order to pay a filled loan out: proposed by one person, approved by another, sent once by a worker."""

    REFERENCE_PREFIX = "DB"

    class Unwind(models.TextChoices):
        NO_ACCOUNT = "no_account", _("The borrower has no confirmed bank account")
        BANK_REFUSES = "bank_refuses", _("The bank refuses the payout")
        FRAUD = "fraud", _("Fraud is suspected")
        NOT_WANTED = "not_wanted", _("The borrower no longer wants the loan")

    loan = models.OneToOneField(Loan, on_delete=models.PROTECT, related_name="disbursement")
    source = models.CharField(max_length=40)  # ledger owner of the escrow the money leaves
    bank_account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    attempt = models.IntegerField(default=1)
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(
        max_length=10,
        default="prepared",
        choices=[
            ("prepared", _("Prepared")),
            ("proposed", _("Proposed")),
            ("approved", _("Approved")),
            ("sent", _("Sent")),
            ("unknown", _("Outcome unknown")),
            ("settled", _("Paid out")),
            ("refused", _("Refused by the bank")),
            ("cancelled", _("Cancelled")),
        ],
    )
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    proposed_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    # Not to be paid out after all: one person says why, another agrees, and the holders have their money back.
    unwind_why = models.CharField(max_length=16, blank=True, choices=Unwind)
    unwind_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    unwind_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("disbursement")
        verbose_name_plural = _("disbursements")
        constraints: ClassVar = [
            models.CheckConstraint(name="loans_disbursement_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="loans_disbursement_four_eyes",
                condition=Q(state__in=["prepared", "proposed", "cancelled"])
                | (Q(proposed_by__isnull=False, approved_by__isnull=False, approved_at__isnull=False) & ~Q(proposed_by=F("approved_by"))),
            ),
            reached(["settled"], "settled_at", name="loans_disbursement_settled"),
            reached(["cancelled"], "cancelled_at", name="loans_disbursement_cancelled"),
            models.CheckConstraint(
                name="loans_disbursement_unwind", condition=Q(unwind_by=None, unwind_at=None, unwind_why="") | (Q(unwind_at__isnull=False) & ~Q(unwind_why=""))
            ),
            models.CheckConstraint(
                name="loans_disbursement_unwind_two",
                condition=~Q(state="cancelled") | (Q(unwind_by__isnull=False, cancelled_by__isnull=False) & ~Q(unwind_by=F("cancelled_by"))),
            ),
        ]
        triggers: ClassVar = [DISBURSEMENT.trigger(), pgtrigger.Protect(name="disbursement_kept", operation=pgtrigger.Delete)]
        permissions: ClassVar = [("propose_disbursement", "Can propose disbursements"), ("approve_disbursement", "Can approve disbursements")]
