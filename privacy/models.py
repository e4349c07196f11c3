"""The opaque records privacy stands on: persons, affairs, notices, consents, looks, and the seals over them.

Nothing here holds personal data in the clear. Consents, looks and seals are append-only; notices are fixed once published: the database refuses otherwise.
"""

import uuid

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


def append_only(name: str) -> pgtrigger.Trigger:
    """Rows are added, never changed or removed one by one or in sets."""
    return pgtrigger.Protect(name=name, operation=pgtrigger.Update | pgtrigger.Delete)


def not_emptied(name: str) -> pgtrigger.Trigger:
    """Nor is the whole table emptied at once."""
    refuse = f"RAISE EXCEPTION USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, MESSAGE = '{name}: this table is never emptied';"
    return pgtrigger.Trigger(name=name, level=pgtrigger.Statement, when=pgtrigger.Before, operation=pgtrigger.Truncate, func=refuse)


class SealedRow(models.Model):
    """A row with encrypted fields: `row_id` is what their ciphertext is bound to, known before the row is saved and never changed."""

    row_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        abstract = True


class DataSubject(models.Model):
    """Somebody whose data we hold: a pseudonym and a data key. Erasure destroys the key and leaves the pseudonym."""

    class Kind(models.TextChoices):
        PERSON = "person", pgettext_lazy("sort of person", "Person")
        BUSINESS = "business", pgettext_lazy("sort of person", "Business")
        CONTACT = "contact", pgettext_lazy("sort of person", "Contact")
        STAFF = "staff", pgettext_lazy("sort of person", "Staff")
        SYSTEM = "system", pgettext_lazy("sort of person", "Installation")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    pseudonym = models.CharField(_("pseudonym"), max_length=40, unique=True)
    kind = models.CharField(pgettext_lazy("record", "kind"), max_length=10, choices=Kind.choices)
    wrapped_key = models.BinaryField(null=True)
    key_id = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField(_("since"))
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True)
    restricted_at = models.DateTimeField(_("restricted at"), null=True, blank=True)

    class Meta:
        verbose_name = _("data subject")
        verbose_name_plural = _("data subjects")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["person", "business", "contact", "staff", "system"]), name="privacy_subject_kind"),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True, wrapped_key__isnull=False) & ~Q(key_id="")
                | Q(erased_at__isnull=False, wrapped_key__isnull=True, key_id=""),
                name="privacy_subject_erased_has_no_key",
            ),
            models.CheckConstraint(condition=Q(erased_at__isnull=True) | ~Q(kind="system"), name="privacy_subject_installation_stays"),
        ]
        triggers = [
            pgtrigger.Protect(name="subject_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="subject_stays_erased",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__erased_at__isnull=False)
                & (
                    pgtrigger.Q(new__erased_at__isnull=True)
                    | pgtrigger.Q(new__wrapped_key__isnull=False)
                    | pgtrigger.Q(old__erased_at__df=pgtrigger.F("new__erased_at"))
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.pseudonym


class Matter(models.Model):
    """An affair of one person: scopes consents (and later contacts) without privacy knowing what it is about."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject = models.ForeignKey(DataSubject, models.PROTECT, related_name="matters")
    jurisdictions = ArrayField(models.CharField(max_length=8), verbose_name=_("jurisdictions"))
    reference = models.CharField(_("reference"), max_length=20, blank=True, help_text=_("What the person knows this affair by; opaque here."))
    opened_at = models.DateTimeField(_("opened at"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    emptied_at = models.DateTimeField(_("records emptied at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = pgettext_lazy("record", "matter")
        verbose_name_plural = pgettext_lazy("record", "matters")
        constraints = [
            models.CheckConstraint(condition=Q(jurisdictions__len__gt=0), name="privacy_matter_has_jurisdiction"),
            models.CheckConstraint(condition=Q(closed_at__isnull=True) | Q(closed_at__gte=models.F("opened_at")), name="privacy_matter_closed_after_opened"),
        ]

    def __str__(self) -> str:
        return self.reference or str(self.id)


NOTICE_REQUIRED = ("title", "controller", "contact", "methods", "retention", "rights_howto", "necessity_text", "impact_text", "changes_text", "transfer_text")


class Notice(models.Model):
    """What a person is told before they answer: every item PIPL 17, 23 and 30 ask for, in one language. Fixed once published."""

    code = models.CharField(_("code"), max_length=40)
    version = models.PositiveIntegerField(_("version"))
    locale = models.CharField(_("language"), max_length=10)
    material = models.BooleanField(_("material change"), help_text=_("Consents under earlier versions must be asked again."))
    title = models.CharField(_("title"), max_length=200)
    controller = models.TextField(_("who is responsible"))
    contact = models.TextField(_("how to reach them"))
    purposes = ArrayField(models.CharField(max_length=40), verbose_name=_("purposes"))
    kinds = ArrayField(models.CharField(max_length=40), verbose_name=_("kinds of data"))
    methods = models.TextField(_("how it is processed"))
    retention = models.TextField(_("how long it is kept"))
    recipients = ArrayField(models.TextField(), verbose_name=_("who receives it"))
    rights_howto = models.TextField(_("how to use your rights"))
    necessity_text = models.TextField(_("why it is needed"))
    impact_text = models.TextField(_("what it means for you"))
    changes_text = models.TextField(_("how changes are told"))
    transfer_text = models.TextField(_("outside the country"))
    ask = models.JSONField(_("question and answers"), help_text=_("Empty for a notice that asks nothing."))
    sections = models.JSONField(_("sections"))
    published_at = models.DateTimeField(_("published at"), null=True)
    sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [
            models.UniqueConstraint(fields=["code", "version", "locale"], name="privacy_notice_version_once"),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True)
                | (
                    Q(purposes__len__gt=0, kinds__len__gt=0, recipients__len__gt=0, sha256__regex="^[0-9a-f]{64}$")
                    & ~Q(sections=[])
                    & ~Q(*((field, "") for field in NOTICE_REQUIRED), _connector=Q.OR)
                ),
                name="privacy_notice_published_is_complete",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="notice_fixed_once_published", operation=pgtrigger.Update | pgtrigger.Delete, condition=pgtrigger.Q(old__published_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.version} ({self.locale})"


class Consent(models.Model):
    """One answer to one notice for one purpose. Today's state is the answer with the highest sequence."""

    class Decision(models.TextChoices):
        GIVEN = "given", pgettext_lazy("consent", "Given")
        REFUSED = "refused", pgettext_lazy("consent", "Refused")
        WITHDRAWN = "withdrawn", pgettext_lazy("consent", "Withdrawn")

    subject = models.ForeignKey(DataSubject, models.PROTECT, related_name="consents")
    matter = models.ForeignKey(Matter, models.PROTECT, null=True, blank=True, related_name="consents")
    purpose = models.CharField(pgettext_lazy("record", "purpose"), max_length=40)
    notice = models.ForeignKey(Notice, models.PROTECT, related_name="consents")
    decision = models.CharField(pgettext_lazy("record", "answer"), max_length=10, choices=Decision.choices)
    method = models.CharField(pgettext_lazy("record", "method"), max_length=20)
    locale = models.CharField(_("language"), max_length=10)
    screen_hash = models.CharField(_("hash of what was shown"), max_length=64)
    at = models.DateTimeField(pgettext_lazy("record", "at"))
    expires_at = models.DateTimeField(_("good until"), null=True, blank=True, help_text=_("Only a yes expires; empty: as long as its purpose."))
    sequence = models.PositiveIntegerField(_("sequence"))
    receipt_id = models.CharField(_("receipt"), max_length=20, unique=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.CheckConstraint(condition=Q(decision__in=["given", "refused", "withdrawn"]), name="privacy_consent_decision"),
            models.CheckConstraint(condition=Q(sequence__gte=1), name="privacy_consent_sequence_starts_at_one"),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(decision="given", expires_at__gt=models.F("at")), name="privacy_consent_only_a_yes_expires"
            ),
            models.CheckConstraint(condition=Q(screen_hash__regex="^[0-9a-f]{64}$"), name="privacy_consent_screen_hash"),
            models.UniqueConstraint(fields=["subject", "purpose", "sequence"], condition=Q(matter__isnull=True), name="privacy_consent_order"),
            models.UniqueConstraint(fields=["matter", "purpose", "sequence"], condition=Q(matter__isnull=False), name="privacy_consent_matter_order"),
        ]
        triggers = [append_only("consent_append_only"), not_emptied("consent_not_emptied")]

    def __str__(self) -> str:
        return self.receipt_id


class AccessLog(models.Model):
    """One look at one person's data: who, which kinds, what for, where, when. Written before the data is opened."""

    actor = models.ForeignKey(DataSubject, models.PROTECT, null=True, blank=True, related_name="looks_taken", verbose_name=pgettext_lazy("record", "who"))
    actor_kind = models.CharField(_("sort of viewer"), max_length=10)
    role = models.CharField(_("role"), max_length=40)
    subject = models.ForeignKey(DataSubject, models.PROTECT, related_name="looks", verbose_name=_("about whom"))
    fields = ArrayField(models.CharField(max_length=120), verbose_name=_("fields"))
    kinds = ArrayField(models.CharField(max_length=40), verbose_name=_("kinds of data"))
    purpose = models.CharField(pgettext_lazy("record", "purpose"), max_length=40)
    page = models.CharField(_("page"), max_length=120)
    at = models.DateTimeField(pgettext_lazy("record", "at"))
    reference = models.CharField(_("reference"), max_length=40, blank=True)
    why = models.CharField(_("why"), max_length=20, null=True, blank=True)  # noqa: DJ001 (null, so that the seals of older rows stay whole)

    class Meta:
        verbose_name = pgettext_lazy("record", "look")
        verbose_name_plural = _("access log")
        indexes = [models.Index(fields=["subject", "-id"], name="privacy_look_by_subject")]
        constraints = [
            models.CheckConstraint(condition=Q(actor_kind__in=["user", "system", "contact"]), name="privacy_look_actor_kind"),
            models.CheckConstraint(condition=Q(actor_kind="system") | Q(actor__isnull=False), name="privacy_look_has_actor"),
            models.CheckConstraint(condition=~Q(purpose="") & ~Q(page="") & ~Q(role=""), name="privacy_look_says_why"),
            models.CheckConstraint(condition=Q(fields__len__gt=0, kinds__len__gt=0), name="privacy_look_says_what"),
        ]
        triggers = [append_only("look_append_only"), not_emptied("look_not_emptied")]

    def __str__(self) -> str:
        return f"look {self.pk}"


class Segment(models.Model):
    """A numbered batch of appended rows under one Merkle root, chained to the segment before and signed."""

    stream = models.CharField(pgettext_lazy("record", "stream"), max_length=20)
    number = models.PositiveIntegerField(pgettext_lazy("record", "number"))
    ranges = models.JSONField(_("rows"), help_text=_("Row numbers covered: [[first, last], …]."))
    count = models.PositiveIntegerField(_("count"))
    root = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    seal = models.CharField(max_length=64)
    signature = models.BinaryField()
    sealed_at = models.DateTimeField(_("sealed at"))

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        constraints = [
            models.UniqueConstraint(fields=["stream", "number"], name="privacy_segment_number_once"),
            models.CheckConstraint(condition=Q(count__gte=1), name="privacy_segment_not_empty"),
        ]
        triggers = [append_only("segment_append_only"), not_emptied("segment_not_emptied")]

    def __str__(self) -> str:
        return f"{self.stream} {self.number}"


class RolledUp(models.Model):
    """Rows of a segment that a retention rule took out: their hashes stay, so that the segment's root still proves the rest. Signed."""

    segment = models.ForeignKey(Segment, models.PROTECT, related_name="rolled_up")
    rule = models.CharField(_("rule"), max_length=40)
    leaves = models.JSONField(_("hashes"), help_text=_("Row number to hash, in hex."))
    emptied = models.JSONField(_("hashes of emptied rows"), default=dict, blank=True, help_text=_("Row number to hash after its words were taken out."))
    at = models.DateTimeField(pgettext_lazy("record", "at"))
    signature = models.BinaryField()

    class Meta:
        verbose_name = _("roll-up")
        verbose_name_plural = _("roll-ups")
        triggers = [append_only("rolledup_append_only"), not_emptied("rolledup_not_emptied")]


from .circle_records import Complaint, Contact, ContactLink, NumberCheck, SandboxText, Suppression  # noqa: E402, F401
from .outreach_records import ContactDecision, OutboundMessage  # noqa: E402, F401
from .records import Breach, BreachPerson, ErasureProof, ImpactAssessment, Processor, Restriction, RightsRequest  # noqa: E402, F401  (Django looks for models here)
