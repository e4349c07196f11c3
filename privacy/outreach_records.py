"""What was decided about contacting somebody, and what was then said: one message for one fresh yes, held by the database."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.models import Referenced

from .circle_records import Contact
from .fields import EncryptedJSONField
from .models import DataSubject, Matter, SealedRow, append_only, not_emptied

FRESH_SECONDS = 60
# A message stands on a yes that is fresh, to the same person, for the same purpose, by the same channel and template.
STANDS_ON_A_FRESH_YES = """
    SELECT * INTO yes FROM privacy_contactdecision WHERE id = NEW.decision_id;
    IF yes.decision <> 'allow' OR NEW.at < yes.at OR NEW.at > yes.expires_at OR yes.subject_id <> NEW.subject_id
       OR yes.purpose <> NEW.purpose OR yes.channel <> NEW.channel OR yes.template <> NEW.template THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, MESSAGE = 'a message needs a fresh yes to this person for this purpose';
    END IF;
    RETURN NEW;
"""


class ContactDecision(Referenced, SealedRow):
    """One answer to "may we?", with all it was decided on. Kept for yes and no alike, shown to the person concerned, never changed."""

    REFERENCE_PREFIX = "DN"

    subject = models.ForeignKey(DataSubject, models.PROTECT, related_name="contact_decisions", verbose_name=_("about contacting whom"))
    matter = models.ForeignKey(Matter, models.PROTECT, null=True, related_name="contact_decisions")
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="decisions")
    asked_by = models.ForeignKey(DataSubject, models.PROTECT, null=True, related_name="+", verbose_name=_("asked by"))
    actor = models.CharField(_("who asks"), max_length=20)
    role = models.CharField(_("role"), max_length=12)
    purpose = models.CharField(pgettext_lazy("record", "purpose"), max_length=24)
    channel = models.CharField(_("channel"), max_length=8)
    template = models.CharField(_("template"), max_length=40)
    asked = EncryptedJSONField(subject="subject", purpose="circle", kind="decision_input", retention="loan_file")
    decision = models.CharField(_("verdict"), max_length=5)
    reason = models.CharField(_("reason"), max_length=40)
    basis = models.CharField(_("stands on"), max_length=20)
    citation = models.TextField(pgettext_lazy("law", "source"))
    citation_zh = models.TextField()
    pack = models.CharField(_("rules"), max_length=120, blank=True)
    secondary = ArrayField(models.CharField(max_length=40))
    rules = models.JSONField(help_text=_("Editions in force, and what the operator had tightened: with the input, all it takes to decide again."))
    at = models.DateTimeField(pgettext_lazy("record", "at"))
    expires_at = models.DateTimeField(_("good until"))

    class Meta:
        verbose_name = _("contact decision")
        verbose_name_plural = _("contact decisions")
        indexes: ClassVar = [
            models.Index(fields=["subject", "-at"], name="privacy_decision_by_subject"),
            models.Index(fields=["matter", "-at"], name="privacy_decision_by_matter"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(decision="allow", reason__startswith="A_") | Q(decision="deny", reason__startswith="D_"), name="privacy_decision_verdict"
            ),
            models.CheckConstraint(condition=~Q(citation="") & ~Q(citation_zh=""), name="privacy_decision_cites"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("at")), name="privacy_decision_lives"),
        ]
        triggers: ClassVar = [append_only("decision_append_only"), not_emptied("decision_not_emptied")]


class OutboundMessage(Referenced, SealedRow):
    """One thing said to one person, on one decision. What came of it is written once."""

    REFERENCE_PREFIX = "OM"

    class Result(models.TextChoices):
        SENT = "sent", pgettext_lazy("outbound", "sent")
        UNDER_WAY = "under_way", pgettext_lazy("outbound", "under way")
        CONNECTED = "connected", pgettext_lazy("outbound", "spoken to")
        NO_ANSWER = "no_answer", pgettext_lazy("outbound", "no answer")
        ANSWERED = "answered", pgettext_lazy("outbound", "answered")
        FAILED = "failed", pgettext_lazy("outbound", "not delivered")

    decision = models.OneToOneField(ContactDecision, models.PROTECT, related_name="message")
    subject = models.ForeignKey(DataSubject, models.PROTECT, related_name="outbound_messages")
    purpose = models.CharField(max_length=24)
    channel = models.CharField(max_length=8)
    template = models.CharField(max_length=40)
    template_version = models.PositiveSmallIntegerField()
    locale = models.CharField(max_length=10)
    params = EncryptedJSONField(subject="subject", purpose="circle", kind="message", retention="contact")
    answer = EncryptedJSONField(subject="subject", purpose="circle", kind="contact_answer", retention="contact", null=True)
    result = models.CharField(max_length=10, choices=Result.choices)
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("outbound message")
        verbose_name_plural = _("outbound messages")
        indexes: ClassVar = [models.Index(fields=["subject", "-at"], name="privacy_outbound_by_subject")]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="message_stands_on_a_fresh_yes",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("decision_id", "subject_id", "purpose", "channel", "template", "at"),
                func=STANDS_ON_A_FRESH_YES,
                declare=[("yes", "privacy_contactdecision%ROWTYPE")],
            ),
            pgtrigger.Protect(name="message_kept", operation=pgtrigger.Delete),
        ]
