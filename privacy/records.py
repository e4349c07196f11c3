"""The records of a privacy office: requests of persons, proofs of erasure, impact assessments, processors, breaches. Part of models.py."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.models import Referenced
from core.states import Transitions, track_state

from . import vault
from .fields import EncryptedTextField
from .models import DataSubject, SealedRow
from .shown import ShownTextField

REQUEST = Transitions(
    initial="received",
    moves={
        "received": ("in_progress", "answered", "refused", "withdrawn"),
        "in_progress": ("answered", "refused", "withdrawn"),
        "answered": ("in_progress",),
        "refused": ("in_progress",),
        "withdrawn": (),
    },
)


@track_state
class RightsRequest(Referenced, SealedRow):
    """What a person asks of us about their data, by when we owe an answer, and the answer. An appeal opens it again, once."""

    REFERENCE_PREFIX = "RR"

    class Kind(models.TextChoices):
        ACCESS = "access", pgettext_lazy("right", "Know what you hold about me")
        COPY = "copy", pgettext_lazy("right", "Get a copy of my data")
        CORRECT = "correct", pgettext_lazy("right", "Correct something")
        ERASE = "erase", pgettext_lazy("right", "Erase my data")
        EXPLAIN = "explain", pgettext_lazy("right", "Explain a decision or a rule")
        HUMAN_REVIEW = "human_review", pgettext_lazy("right", "Have a person look at a decision")
        COMPLAIN = "complain", pgettext_lazy("right", "Complain")

    subject = models.ForeignKey(DataSubject, models.PROTECT, related_name="requests", verbose_name=_("about whom"))
    kind = models.CharField(pgettext_lazy("record", "kind"), max_length=12, choices=Kind.choices)
    jurisdiction = models.CharField(_("jurisdiction"), max_length=8)
    locale = models.CharField(_("language"), max_length=10)
    about = ShownTextField(pgettext_lazy("record", "about"), subject="subject", purpose="rights", kind="message", retention="support")  # in their own words
    message = EncryptedTextField(subject="subject", purpose="rights", kind="message", retention="support", null=True, blank=True)
    answer = EncryptedTextField(subject="subject", purpose="rights", kind="message", retention="support", null=True, blank=True)
    reasons = ArrayField(models.CharField(max_length=40), default=list, blank=True, verbose_name=_("reasons of refusal"))
    state = models.CharField(
        pgettext_lazy("record", "state"),
        max_length=12,
        default="received",
        choices=[
            ("received", _("Received")),
            ("in_progress", _("Being worked on")),
            ("answered", _("Answered")),
            ("refused", _("Refused, with reasons")),
            ("withdrawn", _("Withdrawn")),
        ],
    )
    handler = models.ForeignKey(DataSubject, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("handled by"))
    first_handler = models.ForeignKey(DataSubject, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("handled before the appeal by"))
    received_at = models.DateTimeField(_("received at"))
    due_at = models.DateTimeField(_("answer due"))
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    appealed_at = models.DateTimeField(_("appealed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("rights request")
        verbose_name_plural = _("rights requests")
        constraints: ClassVar = [
            models.CheckConstraint(name="privacy_rightsrequest_due_after_receipt", condition=Q(due_at__gt=models.F("received_at"))),
            models.CheckConstraint(name="privacy_rightsrequest_answered", condition=Q(state__in=["answered", "refused"]) ^ Q(answered_at__isnull=True)),
            models.CheckConstraint(name="privacy_rightsrequest_refused_says_why", condition=~Q(state="refused") | ~Q(reasons=[])),
        ]
        triggers: ClassVar = [REQUEST.trigger()]
        indexes: ClassVar = [models.Index(fields=["state", "due_at"], name="privacy_request_queue")]
        permissions: ClassVar = [("answer_rightsrequest", "Can answer rights requests")]


class Restriction(Referenced, SealedRow):
    """One lock on a person's data: on what ground, why, since when, and who ended it. DataSubject.restricted_at is in step with those that stand."""

    REFERENCE_PREFIX = "RX"

    class Ground(models.TextChoices):
        LEGAL_HOLD = "legal_hold", pgettext_lazy("ground of a lock", "A court, an authority or a dispute needs it")
        KEPT_BY_LAW = "kept_by_law", pgettext_lazy("ground of a lock", "Erasure was asked for; a law keeps it until its time is over")
        DISPUTED = "disputed", pgettext_lazy("ground of a lock", "Whether it is right is being checked")

    subject = models.ForeignKey(DataSubject, models.PROTECT, related_name="restrictions", verbose_name=_("about whom"))
    ground = models.CharField(pgettext_lazy("of a lock", "ground"), max_length=12, choices=Ground.choices)
    why = EncryptedTextField(subject="subject", purpose="rights", kind="message", retention="loan_file", null=True, blank=True)
    set_by = models.ForeignKey(DataSubject, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("locked by"))
    set_at = models.DateTimeField(_("locked at"))
    lifted_by = models.ForeignKey(DataSubject, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("lifted by"))
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True)
    lifted_why = EncryptedTextField(subject="subject", purpose="rights", kind="message", retention="loan_file", null=True, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("record", "lock on data")
        verbose_name_plural = pgettext_lazy("record", "locks on data")
        constraints: ClassVar = [
            models.CheckConstraint(name="privacy_restriction_ground", condition=Q(ground__in=["legal_hold", "kept_by_law", "disputed"])),
            models.CheckConstraint(name="privacy_restriction_lifted_by_somebody", condition=Q(lifted_at__isnull=True) ^ Q(lifted_by__isnull=False)),
            models.CheckConstraint(name="privacy_restriction_lifted_later", condition=Q(lifted_at__isnull=True) | Q(lifted_at__gte=models.F("set_at"))),
            models.UniqueConstraint(name="privacy_restriction_one_of_a_ground", fields=["subject", "ground"], condition=Q(lifted_at__isnull=True)),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="restriction_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(name="restriction_lifted_for_good", operation=pgtrigger.Update, condition=pgtrigger.Q(old__lifted_at__isnull=False)),
        ]
        permissions: ClassVar = [("restrict_datasubject", "Can lock and open the data of a person")]


class ErasureProof(models.Model):
    """That data under a rule is gone: which rule, how much, up to when, and a hash over the ids. Append-only; names nobody."""

    rule = models.CharField(_("rule"), max_length=40)
    app = models.CharField(_("app"), max_length=20)
    count = models.PositiveIntegerField(_("count"))
    cutoff = models.DateTimeField(_("everything before"), null=True, blank=True)
    ids_sha256 = models.CharField(max_length=64)
    at = models.DateTimeField(pgettext_lazy("record", "at"))

    class Meta:
        verbose_name = _("erasure proof")
        verbose_name_plural = _("erasure proofs")
        constraints: ClassVar = [
            models.CheckConstraint(name="privacy_erasureproof_of_something", condition=Q(count__gte=1, ids_sha256__regex="^[0-9a-f]{64}$")),
        ]
        triggers: ClassVar = [pgtrigger.Protect(name="proof_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.rule} {self.at:%Y-%m-%d}"


class ImpactAssessment(Referenced):
    """A personal information protection impact assessment (PIPL 55, 56): what it covers, what was weighed, who signed, until when it holds.

    `fields_sha256` is the hash of the code's field tags at signature: when the tags change, the assessment is stale and the feature is off.
    """

    REFERENCE_PREFIX = "IA"

    feature = models.CharField(_("feature"), max_length=40)
    version = models.PositiveIntegerField(_("version"))
    purposes = ArrayField(models.CharField(max_length=40), verbose_name=_("purposes"))
    lawful = models.TextField(_("purpose and methods are lawful, legitimate and necessary because"))
    impact = models.TextField(_("impact on persons and security risks"))
    measures = models.TextField(_("protective measures, and why they fit the risk"))
    fields_sha256 = models.CharField(max_length=64)
    signed_by = models.ForeignKey(DataSubject, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("signed by"))
    signed_at = models.DateTimeField(_("signed at"))
    expires_at = models.DateTimeField(_("good until"))

    class Meta:
        verbose_name = _("impact assessment")
        verbose_name_plural = _("impact assessments")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["feature", "version"], name="privacy_impactassessment_version_once"),
            models.CheckConstraint(
                name="privacy_impactassessment_is_complete",
                condition=Q(expires_at__gt=models.F("signed_at"), purposes__len__gt=0) & ~Q(lawful="") & ~Q(impact="") & ~Q(measures=""),
            ),
        ]
        triggers: ClassVar = [pgtrigger.Protect(name="assessment_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]
        permissions: ClassVar = [("sign_impactassessment", "Can sign impact assessments")]


class Processor(Referenced):
    """Somebody who processes data for us (PIPL 21): what, under which contract, until when. An ended contract opens nothing."""

    REFERENCE_PREFIX = "PC"

    name = models.CharField(_("name"), max_length=120)
    country = models.CharField(_("country"), max_length=2)
    purposes = ArrayField(models.CharField(max_length=40), verbose_name=_("purposes"))
    kinds = ArrayField(models.CharField(max_length=40), verbose_name=_("kinds of data"))
    contract = models.CharField(_("contract"), max_length=80)
    supervision = models.TextField(_("how it is supervised"))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    returned_on = models.DateField(_("data returned or deleted on"), null=True, blank=True)

    class Meta:
        verbose_name = _("processor")
        verbose_name_plural = _("processors")
        constraints: ClassVar = [
            models.CheckConstraint(name="privacy_processor_term", condition=Q(ends_on__gte=models.F("starts_on"), purposes__len__gt=0, kinds__len__gt=0)),
        ]


BREACH = Transitions(initial="open", moves={"open": ("contained",), "contained": ("closed",), "closed": ()})


def _told(label: Promise) -> ShownTextField:
    """What is written about a breach is read by everybody it concerns; in the database it is sealed like all that may name a person."""
    return ShownTextField(label, editable=True, subject="installation", purpose="rights", kind="staff_note", retention="loan_file")


@track_state
class Breach(Referenced, SealedRow):
    """A leak, loss or change of personal data: what is known, the clocks that run, the notices drafted (PIPL 57)."""

    REFERENCE_PREFIX = "BR"

    what = _told(_("what happened"))
    cause = _told(_("cause"))
    harm = _told(_("possible harm"))
    remedies = _told(_("remedies taken, and what persons can do"))
    kinds = ArrayField(models.CharField(max_length=40), verbose_name=_("kinds of data"))
    jurisdictions = ArrayField(models.CharField(max_length=8), verbose_name=_("jurisdictions"))
    since = models.DateTimeField(_("from"), help_text=_("Looks in this window say who may be concerned."))
    until = models.DateTimeField(_("until"))
    drill = models.BooleanField(_("drill"), default=False)
    state = models.CharField(
        pgettext_lazy("record", "state"),
        max_length=10,
        default="open",
        choices=[("open", pgettext_lazy("breach", "Open")), ("contained", _("Contained")), ("closed", pgettext_lazy("breach", "Closed"))],
    )
    opened_at = models.DateTimeField(_("opened at"))
    opened_by = models.ForeignKey(DataSubject, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("opened by"))
    authority_told_at = models.DateTimeField(_("authority told at"), null=True, blank=True)
    persons_told_at = models.DateTimeField(_("persons told at"), null=True, blank=True)

    class Meta:
        verbose_name = _("breach")
        verbose_name_plural = _("breaches")
        constraints: ClassVar = [
            models.CheckConstraint(name="privacy_breach_says_what", condition=Q(what__isnull=False)),
            models.CheckConstraint(name="privacy_breach_window", condition=Q(until__gte=models.F("since"), kinds__len__gt=0, jurisdictions__len__gt=0)),
            models.CheckConstraint(
                name="privacy_breach_closed_was_told",
                condition=~Q(state="closed") | Q(drill=True) | Q(authority_told_at__isnull=False, persons_told_at__isnull=False),
            ),
        ]
        triggers: ClassVar = [
            BREACH.trigger(),
            pgtrigger.Protect(name="drill_is_no_afterthought", operation=pgtrigger.Update, condition=pgtrigger.Q(old__drill__df=pgtrigger.F("new__drill"))),
        ]
        permissions: ClassVar = [("handle_breach", "Can handle breaches")]

    @property
    def installation(self) -> UUID:
        """Whose key it is: the notice belongs to no one person."""
        return vault.installation()


class BreachPerson(models.Model):
    """One person concerned by a breach. Contacts are persons too. Told once, when something was sent; tried and not told is out of reach."""

    breach = models.ForeignKey(Breach, models.PROTECT, related_name="persons")
    subject = models.ForeignKey(DataSubject, models.PROTECT, related_name="+")
    tried_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("person concerned")
        verbose_name_plural = _("persons concerned")
        constraints: ClassVar = [models.UniqueConstraint(fields=["breach", "subject"], name="privacy_breachperson_once")]
