"""An application from first draft to decision: its answers, items, documents, obligors and reviews."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from core.models import Referenced
from core.states import Transitions, reached, track_state
from credit.models import Decision
from loans.models.file import BorrowerFile
from privacy.fields import EncryptedTextField
from privacy.models import Consent, SealedRow, append_only, not_emptied
from privacy.shown import GONE, ShownTextField

APPLICATION = Transitions(
    initial="draft",
    moves={
        "draft": ("submitted", "withdrawn"),
        "submitted": ("in_review", "withdrawn"),
        "in_review": ("submitted", "referred", "approved", "declined", "withdrawn"),
        "referred": ("submitted", "in_review", "withdrawn"),
        "approved": ("offered", "declined", "withdrawn"),
        "offered": ("accepted", "lapsed", "withdrawn"),
        "accepted": (),
        "declined": ("approved", "referred"),  # another person overturns it; or the borrower sets an answer right
        "lapsed": (),
        "withdrawn": (),
    },
)
METHODS = [("equal_installment", _("Equal installments")), ("equal_principal", _("Equal principal"))]
PURPOSES = [
    ("working_capital", _("Working capital")),
    ("equipment", _("Equipment")),
    ("premises", _("Premises")),
    ("vehicle", _("Vehicle")),
    ("education", _("Education and training")),
    ("home", _("Home repair and furnishing")),
    ("other", _("Something else")),
]


@track_state
class Application(Referenced, SealedRow):
    """A request for money for a project. Frozen at submission; personal answers live in the file. Emptied once its words have had their time."""

    REFERENCE_PREFIX = "AP"

    file = models.OneToOneField(BorrowerFile, on_delete=models.PROTECT, related_name="application")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="applications")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    jurisdiction = models.CharField(max_length=8, default="CN")
    currency = models.CharField(max_length=3, default="CNY")
    language = models.CharField(max_length=10, default="zh-hans")
    title = ShownTextField(subject="file__subject", purpose="application", kind="project", retention="loan_file")
    summary = ShownTextField(subject="file__subject", purpose="application", kind="project", retention="loan_file")
    purpose = models.CharField(max_length=20, choices=PURPOSES, blank=True)
    amount = models.BigIntegerField(null=True, blank=True)
    term_months = models.IntegerField(null=True, blank=True)
    method = models.CharField(max_length=20, choices=METHODS, blank=True)
    state = models.CharField(
        max_length=10,
        default="draft",
        choices=[
            ("draft", _("Draft")),
            ("submitted", _("Submitted")),
            ("in_review", _("In review")),
            ("referred", _("More information needed")),
            ("approved", _("Approved")),
            ("offered", _("Offer made")),
            ("accepted", _("Offer accepted")),
            ("declined", _("Declined")),
            ("lapsed", _("Offer lapsed")),
            ("withdrawn", _("Withdrawn")),
        ],
    )
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    emptied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        constraints: ClassVar = [
            models.CheckConstraint(name="loans_application_amount_positive", condition=Q(amount=None) | Q(amount__gt=0)),
            models.CheckConstraint(name="loans_application_term_range", condition=Q(term_months=None) | Q(term_months__range=(1, 120))),
            models.CheckConstraint(
                name="loans_application_submitted_is_complete",
                condition=Q(state__in=["draft", "withdrawn"])
                | (Q(submitted_at__isnull=False, amount__isnull=False, term_months__isnull=False) & ~Q(purpose="") & ~Q(method="")),
            ),
            models.CheckConstraint(
                name="loans_application_has_a_title", condition=Q(state__in=["draft", "withdrawn"]) | Q(title__isnull=False) | Q(emptied_at__isnull=False)
            ),
            models.CheckConstraint(name="loans_application_emptied_says_nothing", condition=Q(emptied_at=None) | Q(title__isnull=True, summary__isnull=True)),
            models.CheckConstraint(
                name="loans_application_review_is_claimed", condition=~Q(state="in_review") | Q(reviewer__isnull=False, claimed_at__isnull=False)
            ),
            models.CheckConstraint(
                name="loans_application_decided", condition=~Q(state__in=["approved", "offered", "accepted", "declined"]) | Q(decided_at__isnull=False)
            ),
        ]
        triggers: ClassVar = [APPLICATION.trigger()]
        indexes: ClassVar = [models.Index(fields=["state", "submitted_at"], name="loans_application_queue")]
        permissions: ClassVar = [("review_application", "Can review applications")]


class FundsItem(SealedRow):
    """One line of what the money is for."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="funds")
    position = models.IntegerField()
    label = ShownTextField(absent=GONE, subject="application__file__subject", purpose="application", kind="use_of_funds", retention="loan_file")
    amount = models.BigIntegerField()

    class Meta:
        verbose_name = _("use of funds")
        verbose_name_plural = _("use of funds")
        constraints: ClassVar = [
            models.CheckConstraint(name="loans_fundsitem_amount_positive", condition=Q(amount__gt=0)),
            models.UniqueConstraint(fields=["application", "position"], name="loans_fundsitem_position"),
        ]


class Document(Referenced, SealedRow):
    """An uploaded file, cleaned, encrypted under the person's key, with a random name on disk."""

    REFERENCE_PREFIX = "DC"

    class Kind(models.TextChoices):
        INCOME = "income", _("Proof of income")
        QUOTE = "quote", _("Quote or invoice")
        BUSINESS = "business", _("Business document")
        OTHER = "other", _("Other document")

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=10, choices=Kind)
    name = EncryptedTextField(subject="application__file__subject", purpose="application", kind="document", retention="loan_file")
    stored_name = models.CharField(max_length=120, unique=True)
    content_type = models.CharField(max_length=40)
    size = models.IntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")


OBLIGOR = Transitions(
    initial=("invited", "bound"),
    moves={"invited": ("joined", "declined", "expired"), "joined": ("signed", "declined"), "bound": ("signed",), "signed": (), "declined": (), "expired": ()},
)


@track_state
class Obligor(Referenced, SealedRow):
    """A party bound by the loan: the borrower, or a co-borrower who came by a single-use link with their own consent and signature."""

    REFERENCE_PREFIX = "OB"

    class Role(models.TextChoices):
        BORROWER = "borrower", _("Borrower")
        CO_BORROWER = "co_borrower", _("Co-borrower")

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="obligors")
    role = models.CharField(max_length=12, choices=Role)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="obligations")
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(
        max_length=10,
        choices=[
            ("invited", _("invited")),
            ("joined", _("joined")),
            ("bound", _("bound")),
            ("signed", _("signed")),
            ("declined", _("declined")),
            ("expired", _("expired")),
        ],
    )
    token_hash = models.BinaryField(max_length=32, null=True, blank=True, unique=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    income_monthly = EncryptedTextField(subject="party__subject", purpose="application", kind="income", retention="loan_file", null=True, blank=True)
    debt_monthly = EncryptedTextField(subject="party__subject", purpose="application", kind="debts", retention="loan_file", null=True, blank=True)
    created_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("obligor")
        verbose_name_plural = _("obligors")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["application", "party"], name="loans_obligor_once"),
            reached(["signed"], "signed_at", name="loans_obligor_signed"),
            models.CheckConstraint(name="loans_obligor_has_party", condition=Q(state__in=["invited", "declined", "expired"]) | Q(party__isnull=False)),
        ]
        triggers: ClassVar = [OBLIGOR.trigger()]


class Review(SealedRow):
    """One verdict of one reviewer, with the reason, sealed. Append-only."""

    class Verdict(models.TextChoices):
        APPROVE = "approve", _("approve")
        REFER = "refer", _("ask for more")
        DECLINE = "decline", _("decline")

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=8, choices=Verdict)
    reason = EncryptedTextField(subject="application__file__subject", purpose="review", kind="staff_note", retention="loan_file")
    is_override = models.BooleanField(default=False)  # against what the scorecard said
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        triggers: ClassVar = [append_only("review_append_only"), not_emptied("review_not_emptied")]


class Reply(SealedRow):
    """The borrower's answer to a request for more, sealed; one for each request."""

    review = models.OneToOneField(Review, on_delete=models.PROTECT, related_name="reply")
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="replies")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = EncryptedTextField(subject="application__file__subject", purpose="review", kind="message", retention="loan_file")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        triggers: ClassVar = [append_only("reply_append_only"), not_emptied("reply_not_emptied")]
