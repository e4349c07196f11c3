"""The people around a borrower: a link the borrower forwards, the contact who accepted it, numbers never to be contacted, and one-time codes.

A contact is a person in their own right: a data subject with a key of their own. Borrowers never type a number; it comes from its owner or not at all.
"""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.models import Referenced
from core.states import Transitions, reached, track_state

from .fields import EncryptedJSONField, EncryptedTextField
from .models import DataSubject, Matter, SealedRow, append_only, not_emptied

SCOPES = ("reference", "locate", "relay")
LINK_DAYS = 7
INDEX_BYTES = 32


class Relationship(models.TextChoices):
    SPOUSE = "spouse", pgettext_lazy("relationship", "Spouse or partner")
    PARENT = "parent", pgettext_lazy("relationship", "Parent")
    CHILD = "child", pgettext_lazy("relationship", "Grown-up child")
    SIBLING = "sibling", pgettext_lazy("relationship", "Brother or sister")
    RELATIVE = "relative", pgettext_lazy("relationship", "Other relative")
    FRIEND = "friend", pgettext_lazy("relationship", "Friend")
    COLLEAGUE = "colleague", pgettext_lazy("relationship", "Colleague")
    BUSINESS = "business", pgettext_lazy("relationship", "Customer or supplier")
    OTHER = "other", pgettext_lazy("relationship", "Somebody else")


def of_contact(kind: str, *, retention: str = "contact", null: bool = True) -> EncryptedTextField:
    return EncryptedTextField(subject="subject", purpose="circle", kind=kind, retention=retention, null=null)


# Whoever named the person may take back a declined invitation like an open one: it would be told from silence otherwise.
LINK = Transitions(initial="open", moves={"open": ("accepted", "declined", "expired", "taken_back"), "declined": ("taken_back",)})


@track_state
class ContactLink(Referenced, SealedRow):
    """One invitation: a single-use link, whose token only its hash remembers. Opening it does nothing; only an answer sent back does."""

    REFERENCE_PREFIX = "CI"

    matter = models.ForeignKey(Matter, models.PROTECT, related_name="contact_links")
    relationship = models.CharField(_("relationship"), max_length=12, choices=Relationship.choices)
    scopes = ArrayField(models.CharField(max_length=10), verbose_name=_("what the borrower lets us ask"))
    named_by = EncryptedTextField(subject="matter__subject", purpose="circle", kind="name", retention="invitation", null=True)
    barred = ArrayField(
        models.BinaryField(max_length=INDEX_BYTES), verbose_name=_("numbers that cannot accept"), help_text=_("The borrower’s own, as keyed codes.")
    )
    token_hash = models.BinaryField(max_length=32, unique=True)
    state = models.CharField(
        _("state"),
        max_length=10,
        default="open",
        choices=LINK.choices(
            {
                "open": pgettext_lazy("invitation", "open"),
                "accepted": pgettext_lazy("invitation", "accepted"),
                "declined": pgettext_lazy("invitation", "not accepted"),
                "expired": pgettext_lazy("invitation", "expired"),
                "taken_back": pgettext_lazy("invitation", "taken back"),
            }
        ),
    )
    created_at = models.DateTimeField(_("since"))
    expires_at = models.DateTimeField(_("good until"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation of a contact")
        verbose_name_plural = _("invitations of contacts")
        constraints: ClassVar = [
            reached(["accepted", "declined", "expired", "taken_back"], "closed_at", name="privacy_link_closed"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="privacy_link_lives"),
            models.CheckConstraint(condition=Q(scopes__contained_by=list(SCOPES), scopes__len__gt=0), name="privacy_link_scopes"),
            models.CheckConstraint(condition=Q(relationship__in=Relationship.values), name="privacy_link_relationship"),
        ]
        triggers: ClassVar = [
            LINK.trigger(),
            pgtrigger.Trigger(
                name="link_a_week_at_most",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func=f"IF NEW.expires_at > NEW.created_at + interval '{LINK_DAYS} days' THEN RAISE EXCEPTION"
                " USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, MESSAGE = 'an invitation lives for a week at most'; END IF; RETURN NEW;",
            ),
        ]


CONTACT = Transitions(initial="opted_in", moves={"opted_in": ("opted_out", "erased"), "opted_out": ("erased",)})


@track_state
class Contact(Referenced, SealedRow):
    """Somebody who accepted, for one borrower's affair. Stopping and erasing are final: no row ever comes back from there."""

    REFERENCE_PREFIX = "CP"

    subject = models.OneToOneField(DataSubject, models.PROTECT, related_name="contact")
    matter = models.ForeignKey(Matter, models.PROTECT, related_name="contacts")
    link = models.OneToOneField(ContactLink, models.PROTECT, related_name="contact")
    name = of_contact("contact_name")
    number = of_contact("contact_number")
    number_index = models.BinaryField(max_length=INDEX_BYTES, null=True)
    region = models.CharField(_("country of the number"), max_length=3)
    time_zone = models.CharField(_("time zone"), max_length=40, blank=True, help_text=_("As the person says; empty: by the number."))
    locale = models.CharField(_("language"), max_length=10)
    hours_from = models.PositiveSmallIntegerField(_("not before (minutes of the day)"))
    hours_until = models.PositiveSmallIntegerField(_("not after (minutes of the day)"))
    state = models.CharField(
        _("state"),
        max_length=10,
        default="opted_in",
        choices=CONTACT.choices(
            {
                "opted_in": pgettext_lazy("contact state", "Agreed for themselves"),
                "opted_out": pgettext_lazy("contact state", "Said stop"),
                "erased": pgettext_lazy("contact state", "Erased"),
            }
        ),
    )
    accepted_at = models.DateTimeField(_("accepted"))
    opted_out_at = models.DateTimeField(_("said stop"), null=True, blank=True)
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn by the borrower"), null=True, blank=True)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes: ClassVar = [models.Index(fields=["number_index"], name="privacy_contact_number")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["matter", "number_index"], name="privacy_contact_once_per_matter"),
            reached(["erased"], "erased_at", name="privacy_contact_erased"),
            models.CheckConstraint(
                condition=Q(state="erased", number__isnull=True, name__isnull=True, number_index__isnull=True)
                | ~Q(state="erased") & Q(number__isnull=False, number_index__isnull=False),
                name="privacy_contact_erased_is_empty",
            ),
            models.CheckConstraint(condition=Q(hours_from__lt=F("hours_until"), hours_until__lte=24 * 60), name="privacy_contact_hours"),
        ]
        triggers: ClassVar = [CONTACT.trigger(), pgtrigger.Protect(name="contact_kept", operation=pgtrigger.Delete)]


class Suppression(models.Model):
    """A number never to be contacted again, by anybody here, as a keyed code. It outlives an erasure: that is what it is for."""

    class Reason(models.TextChoices):
        NEVER = "never", pgettext_lazy("suppression", "asked never to be contacted")
        STOPPED = "stopped", pgettext_lazy("suppression", "said stop")
        ERASED = "erased", pgettext_lazy("suppression", "was erased")

    number_index = models.BinaryField(max_length=INDEX_BYTES, unique=True)
    reason = models.CharField(_("reason"), max_length=8, choices=Reason.choices)
    at = models.DateTimeField(pgettext_lazy("record", "at"))

    class Meta:
        verbose_name = _("number never to be contacted")
        verbose_name_plural = _("numbers never to be contacted")
        constraints: ClassVar = [models.CheckConstraint(condition=Q(reason__in=["never", "stopped", "erased"]), name="privacy_suppression_reason")]
        triggers: ClassVar = [append_only("suppression_append_only"), not_emptied("suppression_not_emptied")]


class NumberCheck(SealedRow):
    """A number somebody typed, and the code that proves it is theirs. Forgotten within the day when nobody proves it."""

    class Aim(models.TextChoices):
        ACCEPT = "accept", pgettext_lazy("number check", "accept an invitation")
        NEVER = "never", pgettext_lazy("number check", "never be contacted")
        PASSPORT = "passport", pgettext_lazy("number check", "open the own page")

    subject = models.ForeignKey(DataSubject, models.PROTECT, related_name="+")
    link = models.ForeignKey(ContactLink, models.CASCADE, null=True, related_name="checks")
    aim = models.CharField(max_length=8, choices=Aim.choices)
    number = of_contact("contact_number", retention="invitation")
    draft = EncryptedJSONField(subject="subject", purpose="circle", kind="contact_name", retention="invitation", null=True)
    number_index = models.BinaryField(max_length=INDEX_BYTES)
    asked_from = models.BinaryField(max_length=INDEX_BYTES, null=True)  # who asked, as a keyed code: each has an allowance of their own
    code_hash = models.CharField(max_length=64)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("number check")
        verbose_name_plural = _("number checks")
        indexes: ClassVar = [
            models.Index(fields=["number_index", "created_at"], name="privacy_check_by_number"),
            models.Index(fields=["created_at"], name="privacy_check_age"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(tries__lte=5), name="privacy_check_few_tries"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="privacy_check_lives"),
        ]


class SandboxText(SealedRow):
    """A text message as the sandbox's telephone shows it: nothing leaves the house."""

    subject = models.ForeignKey(DataSubject, models.PROTECT, related_name="+")
    number_index = models.BinaryField(max_length=INDEX_BYTES)
    body = EncryptedTextField(subject="subject", purpose="circle", kind="message", retention="invitation")
    key = models.CharField(max_length=80, unique=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("text message of the sandbox")
        verbose_name_plural = _("text messages of the sandbox")
        indexes: ClassVar = [models.Index(fields=["number_index", "-at"], name="privacy_text_by_number")]


class Complaint(Referenced, SealedRow):
    """What a contact complains about, in their words, and what we answer. While it is open, nobody of that affair is contacted about it."""

    REFERENCE_PREFIX = "CC"

    contact = models.ForeignKey(Contact, models.PROTECT, related_name="complaints")
    text = EncryptedTextField(subject="contact__subject", purpose="rights", kind="message", retention="contact")
    answer = EncryptedTextField(subject="contact__subject", purpose="rights", kind="message", retention="contact", null=True, blank=True)
    at = models.DateTimeField(_("since"))
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    class Meta:
        verbose_name = _("complaint of a contact")
        verbose_name_plural = _("complaints of contacts")
