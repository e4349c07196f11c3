"""The ladder by which a question about a borrower is answered, the people around them last: each rung with its outcome, each need with its approvers."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.models import Referenced
from loans.models.application import Application
from privacy.fields import EncryptedTextField
from privacy.models import SealedRow

TOP = 5
# Whatever asks, the database lets nobody skip a rung, go on after an answer, or reach the circle without its approvers.
NO_RUNG_IS_SKIPPED = """
    SELECT r.outcome INTO below FROM loans_rung r WHERE r.case_id = NEW.case_id AND r.level = NEW.level - 1;
    SELECT CASE NEW.level WHEN 4 THEN n.approved_at IS NOT NULL WHEN 5 THEN n.second_at IS NOT NULL END INTO needed
      FROM loans_necessity n WHERE n.case_id = NEW.case_id AND n.level = NEW.level;
    IF (NEW.level > 0 AND (below IS NULL OR below = 'answered')) OR (NEW.level >= 4 AND needed IS NOT TRUE) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME,
            MESSAGE = 'a rung opens when the one below has an outcome, and the last two when approved';
    END IF;
    RETURN NEW;
"""


class LadderCase(Referenced):
    """One question about one borrower, climbed rung by rung until something answers it."""

    REFERENCE_PREFIX = "LC"

    class Question(models.TextChoices):
        IDENTITY = "identity", pgettext_lazy("question", "Who this is")
        INCOME = "income", pgettext_lazy("question", "Income")
        WORK = "work", pgettext_lazy("question", "Work or business")
        ADDRESS = "address", pgettext_lazy("question", "Address")
        REACHABLE = "reachable", pgettext_lazy("question", "How the borrower can be reached")

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="ladders")
    question = models.CharField(pgettext_lazy("record", "question"), max_length=10, choices=Question.choices)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(_("since"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("ladder case")
        verbose_name_plural = _("ladder cases")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["application", "question"], condition=Q(closed_at=None), name="loans_laddercase_one_open"),
            models.CheckConstraint(name="loans_laddercase_question", condition=Q(question__in=["identity", "income", "work", "address", "reachable"])),
        ]
        permissions: ClassVar = [("climb_ladder", "Can record rungs and ask for the next")]


class Rung(SealedRow):
    """What one rung brought. Written once."""

    class Outcome(models.TextChoices):
        ANSWERED = "answered", pgettext_lazy("rung", "answered")
        NOT_ENOUGH = "not_enough", pgettext_lazy("rung", "not enough")
        NOT_POSSIBLE = "not_possible", pgettext_lazy("rung", "not possible")

    case = models.ForeignKey(LadderCase, on_delete=models.PROTECT, related_name="rungs")
    level = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    note = EncryptedTextField(subject="case__application__file__subject", purpose="review", kind="staff_note", retention="loan_file")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("rung")
        verbose_name_plural = _("rungs")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "level"], name="loans_rung_once"),
            models.CheckConstraint(name="loans_rung_level", condition=Q(level__lte=TOP)),
            models.CheckConstraint(name="loans_rung_outcome", condition=Q(outcome__in=["answered", "not_enough", "not_possible"])),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="rung_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="no_rung_is_skipped",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("below", "text"), ("needed", "boolean")],
                func=NO_RUNG_IS_SKIPPED,
            ),
        ]


class Necessity(Referenced, SealedRow):
    """Why somebody around the borrower has to be asked at all: what was tried, why it is not enough, and who agreed. Nobody agrees to their own request."""

    REFERENCE_PREFIX = "NE"

    case = models.ForeignKey(LadderCase, on_delete=models.PROTECT, related_name="necessities")
    level = models.PositiveSmallIntegerField()
    why = EncryptedTextField(subject="case__application__file__subject", purpose="review", kind="staff_note", retention="loan_file")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    second_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    second_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("necessity")
        verbose_name_plural = _("necessities")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "level"], name="loans_necessity_once"),
            models.CheckConstraint(name="loans_necessity_level", condition=Q(level__in=[4, 5])),
            models.CheckConstraint(name="loans_necessity_not_own", condition=Q(approved_by=None) | ~Q(approved_by=F("requested_by"))),
            models.CheckConstraint(
                name="loans_necessity_two_people",
                condition=Q(second_by=None) | Q(approved_by__isnull=False) & ~Q(second_by=F("approved_by")) & ~Q(second_by=F("requested_by")),
            ),
            models.CheckConstraint(
                name="loans_necessity_approved_by_somebody",
                condition=(Q(approved_at=None, approved_by=None) | Q(approved_at__isnull=False, approved_by__isnull=False))
                & (Q(second_at=None, second_by=None) | Q(second_at__isnull=False, second_by__isnull=False)),
            ),
        ]
        triggers: ClassVar = [pgtrigger.Protect(name="necessity_kept", operation=pgtrigger.Delete)]
        permissions: ClassVar = [("approve_necessity", "Can agree that a contact is asked")]

    @property
    def complete(self) -> bool:
        return (self.approved_at if self.level == 4 else self.second_at) is not None


class BorrowerFlag(models.Model):
    """That a borrower is represented, or asked in writing not to be contacted: from one moment until it is lifted."""

    class Kind(models.TextChoices):
        ATTORNEY = "attorney", pgettext_lazy("contact flag", "The borrower has a lawyer")
        CEASE = "cease", pgettext_lazy("contact flag", "The borrower asked in writing to stop")
        COMPLAINT = "complaint", pgettext_lazy("contact flag", "A complaint about collection is open")

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="flags")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("flag of a borrower")
        verbose_name_plural = _("flags of borrowers")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["application", "kind"], condition=Q(lifted_at=None), name="loans_borrowerflag_once"),
            models.CheckConstraint(name="loans_borrowerflag_kind", condition=Q(kind__in=["attorney", "cease", "complaint"])),
        ]
