"""Tables of the foundation: references, the business day and its holidays, jobs of record, stored replies, allowances."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core import references
from core.states import Transitions, reached


class ReferenceField(models.CharField):  # type: ignore[type-arg]
    """A unique public reference, made when the row is first written (bulk writes too)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": 20, "unique": True, "editable": False, **kwargs})

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        if not getattr(model_instance, self.attname):
            setattr(model_instance, self.attname, references.make(getattr(model_instance, "REFERENCE_PREFIX")))  # noqa: B009
        return super().pre_save(model_instance, add)


class Referenced(models.Model):
    """Something people can name: addresses and letters carry `reference`, never the integer id."""

    REFERENCE_PREFIX: ClassVar[str]
    reference = ReferenceField(_("reference"))

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.reference)


class Holiday(models.Model):
    """A day that differs from the plain week: closed, or a weekend day worked to make up for one."""

    class Kind(models.TextChoices):
        CLOSED = "closed", _("closed")
        WORKED = "worked", _("worked (make-up day)")

    class Source(models.TextChoices):
        LIBRARY = "library", _("imported")
        STAFF = "staff", _("entered by staff")

    calendar = models.CharField(_("calendar"), max_length=8, default="CN")
    day = models.DateField(_("day"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.CLOSED)
    name = models.CharField(_("name"), max_length=200, blank=True)
    source = models.CharField(_("source"), max_length=8, choices=Source.choices, default=Source.STAFF, editable=False)

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering = ["calendar", "day"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "day"], name="core_holiday_one_per_day"),
            models.CheckConstraint(condition=Q(kind__in=["closed", "worked"]), name="core_holiday_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.calendar} {self.day}"


class CalendarYear(models.Model):
    """A year whose holidays we hold. Beyond these the business day does not guess."""

    calendar = models.CharField(_("calendar"), max_length=8)
    year = models.PositiveSmallIntegerField(_("year"))

    class Meta:
        verbose_name = _("calendar year")
        verbose_name_plural = _("calendar years")
        constraints = [models.UniqueConstraint(fields=["calendar", "year"], name="core_calendaryear_once")]


class BusinessDate(models.Model):
    """The platform's date: one row, and it only goes forward."""

    day = models.DateField(_("day"))
    advanced_at = models.DateTimeField(_("advanced at"))

    class Meta:
        verbose_name = _("business date")
        verbose_name_plural = _("business dates")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="core_businessdate_one_row")]
        triggers = [pgtrigger.Protect(name="only_forward", operation=pgtrigger.Update, condition=pgtrigger.Q(new__day__lte=pgtrigger.F("old__day")))]


JOB_STATES = Transitions(
    "waiting",
    {
        "waiting": ("running",),
        "running": ("done", "waiting", "dead"),
        "dead": ("waiting",),
    },
)


class Job(models.Model):
    """One handler's copy of one fact: the queue of record. Celery only rings the bell."""

    name = models.CharField(_("name"), max_length=80)
    handler = models.CharField(_("handler"), max_length=200)
    key = models.CharField(_("key"), max_length=200)
    payload = models.JSONField(_("payload"), default=dict)
    state = models.CharField(
        _("state"),
        max_length=8,
        default="waiting",
        choices=JOB_STATES.choices({"waiting": _("waiting"), "running": _("running"), "done": _("done"), "dead": _("given up")}),
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0, help_text=_("Every start, postponed ones too."))
    failures = models.PositiveIntegerField(_("failures"), default=0)
    max_attempts = models.PositiveIntegerField(_("failures allowed"), default=12)
    next_at = models.DateTimeField(_("not before"), null=True, blank=True, help_text=_("Empty: at once."))
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    lease_token = models.UUIDField(_("lease token"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        constraints = [
            models.UniqueConstraint(fields=["key", "handler"], name="core_job_once_per_handler"),
            models.CheckConstraint(
                condition=Q(state="running", lease_until__isnull=False, lease_token__isnull=False)
                | (~Q(state="running") & Q(lease_until__isnull=True, lease_token__isnull=True)),
                name="core_job_leased_while_running",
            ),
            reached(["done"], "done_at"),
        ]
        indexes = [
            models.Index(F("next_at").asc(nulls_first=True), "id", condition=Q(state="waiting"), name="core_job_due"),
            models.Index("lease_until", condition=Q(state="running"), name="core_job_leases"),
            models.Index("id", condition=Q(state="dead"), name="core_job_dead"),
        ]
        triggers = [JOB_STATES.trigger()]

    def __str__(self) -> str:
        return f"{self.name} {self.key}"


class StoredReply(models.Model):
    """What we answered to one key, so that asking again gives the same answer. The body is sealed."""

    scope = models.CharField(_("scope"), max_length=200)
    key = models.CharField(_("key"), max_length=255)
    request_hash = models.CharField(_("request hash"), max_length=64)
    status = models.PositiveSmallIntegerField(_("status"))
    headers = models.JSONField(_("headers"), default=dict)
    body = models.BinaryField(_("sealed body"), blank=True)
    subject_id = models.UUIDField(_("data subject"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("stored reply")
        verbose_name_plural = _("stored replies")
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="core_storedreply_once")]
        indexes = [models.Index("created_at", name="core_storedreply_age")]


class Allowance(models.Model):
    """When a key may ask at full pace again (core/pace.py). No personal data: keys are ids of users and tokens, or a keyed hash of a network."""

    key = models.CharField(max_length=80, primary_key=True)
    full_at = models.DateTimeField()

    class Meta:
        verbose_name = _("allowance")
        verbose_name_plural = _("allowances")
        indexes = [models.Index("full_at", name="core_allowance_age")]
