"""What investors ask about a listing, and what its borrower answers: sealed until staff let it through, public after."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from core.models import Referenced
from core.states import Transitions, reached, track_state
from marketplace.models.listing import Listing
from privacy.fields import EncryptedTextField
from privacy.models import SealedRow
from privacy.shown import ShownTextField

QUESTION = Transitions(
    initial="asked",
    moves={
        "asked": ("open", "refused"),
        "open": ("answered", "refused"),
        "answered": ("published", "open"),  # back to the borrower when the answer cannot be shown
        "published": (),
        "refused": (),
    },
)
_KEPT = {"purpose": "listing_disclosure", "kind": "message", "retention": "loan_file"}


@track_state
class Question(Referenced, SealedRow):
    """One question and its answer. The `shown` texts are filled when staff let them through, and emptied with the listing."""

    REFERENCE_PREFIX = "QU"

    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="questions")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="questions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = EncryptedTextField(subject="party__subject", **_KEPT)
    answer = EncryptedTextField(subject="listing__loan__file__subject", null=True, blank=True, **_KEPT)
    language = models.CharField(max_length=10)
    answer_language = models.CharField(max_length=10, blank=True)
    shown_text = ShownTextField(subject="party__subject", **_KEPT)
    shown_answer = ShownTextField(subject="listing__loan__file__subject", **_KEPT)
    state = models.CharField(
        max_length=10,
        default="asked",
        choices=QUESTION.choices(
            {
                "asked": _("Question to read"),
                "open": _("Waits for the borrower"),
                "answered": _("Answer to read"),
                "published": _("Public"),
                "refused": _("Not shown"),
            }
        ),
    )
    asked_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("question about a listing")
        verbose_name_plural = _("questions about listings")
        constraints: ClassVar = [
            reached(["published"], "published_at", name="marketplace_question_published"),
            reached(["refused"], "refused_at", name="marketplace_question_refused"),
            models.CheckConstraint(name="marketplace_question_shown", condition=Q(state__in=["published"]) | Q(shown_answer__isnull=True)),
        ]
        triggers: ClassVar = [QUESTION.trigger()]
        indexes: ClassVar = [models.Index(fields=["listing", "state"], name="marketplace_question_of")]
