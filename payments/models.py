"""Bank accounts, payments in and out, and the lines a bank reported."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from core.models import Referenced
from core.states import Transitions, reached, track_state
from privacy.fields import EncryptedTextField
from privacy.models import DataSubject, SealedRow


class BankAccount(Referenced, SealedRow):
    """Where a party's money goes when it leaves. Usable once the rail has confirmed that the party holds it."""

    REFERENCE_PREFIX = "BA"

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="bank_accounts")
    rail = models.CharField(max_length=20, default="sandbox")
    holder_name = EncryptedTextField(subject="party__subject", purpose="wallet", kind="name", retention="account")
    number = EncryptedTextField(subject="party__subject", purpose="wallet", kind="bank_account", retention="account")
    number_index = models.BinaryField(max_length=32, db_index=True)
    last4 = models.CharField(max_length=4)
    verified_at = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("bank account")
        verbose_name_plural = _("bank accounts")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["party", "number_index"], condition=Q(retired_at=None), name="payments_bankaccount_one_live"),
            models.CheckConstraint(name="payments_bankaccount_one_verdict", condition=Q(verified_at=None) | Q(refused_at=None)),
        ]

    @property
    def state(self) -> str:
        """For pages: retired, verified, refused or pending."""
        if self.retired_at:
            return "retired"
        if self.verified_at:
            return "verified"
        return "refused" if self.refused_at else "pending"


PAYMENT = Transitions(
    initial=("created", "received"),
    moves={
        "created": ("sent", "cancelled"),
        "sent": ("settled", "refused", "unknown"),
        "unknown": ("settled", "refused"),
        "settled": ("returned",),
        "received": ("settled", "unmatched"),
        "unmatched": ("settled", "returned"),
        "refused": (),
        "returned": ("unmatched",),  # the bank could not give it back
        "cancelled": (),
    },
)
STATE_LABELS = {
    "created": _("Ordered"),
    "sent": _("Sent to the bank"),
    "settled": _("Done"),
    "refused": _("Refused by the bank"),
    "unknown": _("Outcome unknown"),
    "cancelled": _("Cancelled"),
    "received": _("Received"),
    "unmatched": _("Waiting to be matched"),
    "returned": _("Returned"),
}


@track_state
class Payment(Referenced):
    """Money that crosses the border of the books, in or out, exactly once per business key."""

    REFERENCE_PREFIX = "PM"

    class Direction(models.TextChoices):
        IN = "in", _("in")
        OUT = "out", _("out")

    class Kind(models.TextChoices):
        DEPOSIT = "deposit", _("Deposit")
        WITHDRAWAL = "withdrawal", _("Withdrawal")
        DISBURSEMENT = "disbursement", _("Disbursement")
        RETURN = "return", _("Return to the sender")

    direction = models.CharField(max_length=3, choices=Direction)
    kind = models.CharField(max_length=12, choices=Kind)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="payments")
    bank_account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="payments")
    returns = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="returned_by")  # the receipt this gives back
    rail = models.CharField(max_length=20)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    key = models.CharField(max_length=80, unique=True)  # the business fact: "disbursement:LN-…", "withdrawal:…"
    source = models.CharField(max_length=40, blank=True)  # ledger owner the money leaves or enters
    source_code = models.CharField(max_length=24, blank=True)  # and which of the owner's accounts
    rail_reference = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=10, choices=PAYMENT.choices(STATE_LABELS))
    booked_on = models.DateField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    reason_code = models.CharField(max_length=40, blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        permissions: ClassVar = [("match_receipt", _("Can match an unmatched receipt to a party"))]
        constraints: ClassVar = [
            models.CheckConstraint(name="payments_payment_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="payments_payment_out_has_account", condition=Q(direction="in") | Q(bank_account__isnull=False) | Q(kind="return")),
            models.CheckConstraint(
                name="payments_payment_return_of", condition=Q(kind="return", returns__isnull=False) | (~Q(kind="return") & Q(returns=None))
            ),
            reached(["settled", "refused", "returned", "cancelled"], "closed_at", name="payments_payment_closed"),
            models.UniqueConstraint(
                fields=["rail", "rail_reference"], condition=Q(direction="in") & ~Q(rail_reference=""), name="payments_payment_one_per_line"
            ),
        ]
        triggers: ClassVar = [PAYMENT.trigger()]
        indexes: ClassVar = [models.Index(fields=["state", "sent_at"], name="payments_payment_open")]


class BankLine(SealedRow):
    """One line of a bank's statement, stored as it came, before anybody decides what it means. What was written with it is sealed (bank_line.py)."""

    rail = models.CharField(max_length=20)
    line_id = models.CharField(max_length=80)
    direction = models.CharField(max_length=3, choices=Payment.Direction)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    subject = models.ForeignKey(DataSubject, on_delete=models.PROTECT, related_name="+")  # whom the text is about; the installation while nobody knows
    reference = EncryptedTextField(subject="subject", purpose="wallet", kind="bank_flows", retention="ledger")
    reference_index = models.BinaryField(max_length=32)
    booked_on = models.DateField()
    received_at = models.DateTimeField()
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="lines")
    matched_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("bank line")
        verbose_name_plural = _("bank lines")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rail", "line_id"], name="payments_bankline_once"),
            models.CheckConstraint(name="payments_bankline_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="payments_bankline_matched", condition=Q(payment=None, matched_at=None) | Q(payment__isnull=False, matched_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rail} {self.line_id}"


RECEIPT_PROPOSAL = Transitions(initial="proposed", moves={"proposed": ("approved", "declined"), "approved": (), "declined": ()})


@track_state
class ReceiptProposal(Referenced):
    """Whose an unmatched receipt is, or that it goes back to its sender: one person says so, another agrees."""

    REFERENCE_PREFIX = "RP"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="proposals")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")  # nobody: back to the sender
    state = models.CharField(
        max_length=10,
        default="proposed",
        choices=RECEIPT_PROPOSAL.choices({"proposed": _("Proposed"), "approved": _("Approved"), "declined": _("Declined")}),
    )
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("proposal for a receipt")
        verbose_name_plural = _("proposals for receipts")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["payment"], condition=Q(state="proposed"), name="payments_receiptproposal_one_open"),
            models.CheckConstraint(
                name="payments_receiptproposal_two", condition=~Q(state="approved") | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by")))
            ),
            reached(["approved", "declined"], "decided_at", name="payments_receiptproposal_decided"),
        ]
        triggers: ClassVar = [RECEIPT_PROPOSAL.trigger()]


class SandboxTransfer(models.Model):
    """The sandbox bank's own table: what it was asked to do, what it did, and what it answered. Written on the bank's own connection."""

    kept_by_sandbox_bank = True

    idempotency_key = models.CharField(max_length=80, unique=True)
    account_index = models.BinaryField(max_length=32)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    outcome = models.CharField(max_length=10, choices=[("paid", "paid"), ("refused", "refused"), ("delayed", "delayed")])
    reason = models.CharField(max_length=40, blank=True)
    asked = models.IntegerField(default=1)
    answers_lost = models.IntegerField(default=0)
    at = models.DateTimeField()
    pays_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("sandbox bank transfer")
        verbose_name_plural = _("sandbox bank transfers")

    def __str__(self) -> str:
        return self.idempotency_key


class SandboxLine(models.Model):
    """One booking on the account the platform holds at the sandbox bank: what its statement reports."""

    kept_by_sandbox_bank = True

    key = models.CharField(max_length=80, unique=True)  # the transfer's key, or the payer's own
    direction = models.CharField(max_length=3, choices=Payment.Direction)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    reference = models.CharField(max_length=80, blank=True)  # of a transfer: the key it was ordered with
    words = models.BinaryField(null=True)  # of a receipt: what the payer wrote, sealed
    repeats = models.IntegerField(default=0)  # how often the statement reports it once too often
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("sandbox bank booking")
        verbose_name_plural = _("sandbox bank bookings")

    def __str__(self) -> str:
        return self.key


class SandboxOrder(models.Model):
    """A fault ordered from the sandbox bank: how it shall treat the next matching requests."""

    kept_by_sandbox_bank = True

    class Fault(models.TextChoices):
        REFUSE = "refuse", _("refuse")
        DELAY = "delay", _("pay later")
        LOSE_ANSWER = "lose_answer", _("pay, but lose the answer")
        LOSE_REQUEST = "lose_request", _("lose the request")
        ANSWER_TWICE = "answer_twice", _("answer twice")

    fault = models.CharField(max_length=12, choices=Fault)
    key_prefix = models.CharField(max_length=80, blank=True)
    times = models.IntegerField(default=1)
    seconds = models.IntegerField(default=0)

    class Meta:
        verbose_name = _("sandbox bank order")
        verbose_name_plural = _("sandbox bank orders")
        constraints: ClassVar = [models.CheckConstraint(name="payments_sandboxorder_times", condition=Q(times__gte=0) & Q(seconds__gte=0))]

    def __str__(self) -> str:
        return f"{self.get_fault_display()} {self.key_prefix}".strip()


__all__ = ["PAYMENT", "BankAccount", "BankLine", "Payment", "ReceiptProposal", "SandboxLine", "SandboxOrder", "SandboxTransfer"]
