"""After a no: the borrower asks for another person, or sets an answer right. Both are kept, sealed, and lead back to a decision."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import Referenced
from core.states import Transitions, reached, track_state
from credit.models import Decision
from loans.models.application import Application
from privacy.fields import EncryptedTextField
from privacy.models import SealedRow

LOOK = Transitions(
    initial="asked",
    moves={"asked": ("claimed",), "claimed": ("asked", "read"), "read": ("upheld", "overturned"), "upheld": (), "overturned": ()},
)


def _sealed(kind: str, *, null: bool = False) -> EncryptedTextField:
    return EncryptedTextField(subject="application__file__subject", purpose="review", kind=kind, retention="loan_file", null=null)


@track_state
class SecondLook(Referenced, SealedRow):
    """Another person looks at a decision: first at the inputs, writing down their own reading; only then at the grade; then they answer with reasons."""

    REFERENCE_PREFIX = "SL"

    class Kind(models.TextChoices):
        REVIEW = "review", _("review by another person")
        APPEAL = "appeal", _("appeal")

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="looks")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=6, choices=Kind)
    words = _sealed("message")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("asked at"))
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    claimed_at = models.DateTimeField(null=True, blank=True)
    reading = _sealed("staff_note", null=True)
    read_at = models.DateTimeField(null=True, blank=True)
    answer = _sealed("staff_note", null=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(
        max_length=10,
        default="asked",
        choices=[
            ("asked", _("waits for a person")),
            ("claimed", _("a person reads it")),
            ("read", _("inputs read")),
            ("upheld", _("the decision stands")),
            ("overturned", _("overturned")),
        ],
    )

    class Meta:
        verbose_name = _("second look")
        verbose_name_plural = _("second looks")
        permissions: ClassVar = [("take_second_look", "Looks again at decisions of others")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["application", "decision", "kind"], name="loans_look_once"),
            models.CheckConstraint(name="loans_look_has_reviewer", condition=Q(state="asked", reviewer=None) | (~Q(state="asked") & Q(reviewer__isnull=False))),
            models.CheckConstraint(
                name="loans_look_inputs_before_grade",
                condition=Q(state__in=["asked", "claimed"], read_at=None) | (Q(read_at__isnull=False, reading__isnull=False)),
            ),
            reached(["upheld", "overturned"], "answered_at", name="loans_look_answered"),
            models.CheckConstraint(name="loans_look_answer_has_reasons", condition=Q(answered_at=None) | Q(answer__isnull=False)),
        ]
        triggers: ClassVar = [LOOK.trigger()]


class Amendment(SealedRow):
    """An answer that was wrong: opened by the borrower after a no, set right, and decided again."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="amendments")
    before = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="+")
    after = models.ForeignKey(Decision, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    words = _sealed("message", null=True)
    opened_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("amendment")
        verbose_name_plural = _("amendments")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["application"], condition=Q(sent_at=None), name="loans_amendment_one_open"),
            models.CheckConstraint(
                name="loans_amendment_sent",
                condition=Q(sent_at=None, after=None) | Q(sent_at__isnull=False, after__isnull=False, words__isnull=False),
            ),
        ]
