"""The model in life: each week how applicants differ from those it was right about, each month what came of its probabilities, and what rang.

Counts and shares, about nobody.
"""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

FROZEN = pgtrigger.Update | pgtrigger.Delete
INPUTS = [
    ("score", _("Score")),
    ("amount", _("Amount")),
    ("term_months", _("Term")),
    ("income_monthly", _("Monthly income")),
    ("debt_monthly", _("Monthly debt payments")),
    ("debt_total", _("Debt in all")),
    ("debt_other_platforms", _("Debt on other platforms")),
    ("overdue_count_6m", _("Times overdue in six months")),
    ("months_at_work", _("Months at work")),
    ("purpose", _("Purpose")),
    ("currency", _("Currency")),
    ("occupation", _("Occupation")),
    ("housing", _("Housing")),
]
KINDS = [
    ("higher", pgettext_lazy("monitoring", "higher than before")),
    ("lower", pgettext_lazy("monitoring", "lower than before")),
    ("missing more", pgettext_lazy("monitoring", "missing more often")),
    ("missing less", pgettext_lazy("monitoring", "missing more rarely")),
    ("level higher", pgettext_lazy("monitoring", "more defaults than expected")),
    ("level lower", pgettext_lazy("monitoring", "fewer defaults than expected")),
    ("slope flatter", pgettext_lazy("monitoring", "good and bad risks are closer than expected")),
    ("slope steeper", pgettext_lazy("monitoring", "good and bad risks are further apart than expected")),
    ("stop", pgettext_lazy("monitoring", "applicants of another kind: index at the level of stop")),
]


class Watch(models.Model):
    """One file of a model: what its inputs looked like in its first decisions, and where its charts stand. Weeks up to `through` are done."""

    model = models.CharField(max_length=60)
    model_sha256 = models.CharField(max_length=64, unique=True)
    reference = models.JSONField(null=True)  # cells and shares; none until there are enough decisions
    reference_until = models.DateTimeField(null=True)
    charts = models.JSONField(default=dict)
    through = models.DateField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("watch over a model")
        verbose_name_plural = _("watches over models")
        constraints: ClassVar = [
            models.CheckConstraint(name="credit_watch_reference_whole", condition=Q(reference=None, reference_until=None) | Q(reference_until__isnull=False))
        ]
        triggers: ClassVar = [pgtrigger.Protect(name="watch_kept", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.model


class WeekOfInputs(models.Model):
    """How far one input, or the score, of a week's applicants is from the reference: the stability index and what it asks for."""

    class AsksFor(models.TextChoices):
        NOTHING = "nothing", pgettext_lazy("monitoring", "nothing")
        LOOK = "look", pgettext_lazy("monitoring", "a look")
        STOP = "stop", pgettext_lazy("monitoring", "a stop")
        TOO_FEW = "too_few", pgettext_lazy("monitoring", "too few to say")

    watch = models.ForeignKey(Watch, verbose_name=_("Model"), on_delete=models.PROTECT, related_name="weeks")
    week = models.DateField(_("Week from"))  # its Monday
    name = models.CharField(_("Input"), max_length=24, choices=INPUTS)
    decisions = models.IntegerField(_("Decisions"))
    index = models.DecimalField(_("Stability index"), max_digits=8, decimal_places=4)
    asks_for = models.CharField(pgettext_lazy("monitoring", "Asks for"), max_length=8, choices=AsksFor)

    class Meta:
        verbose_name = _("week of applicants")
        verbose_name_plural = _("weeks of applicants")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["watch", "week", "name"], name="credit_week_once"),
            models.CheckConstraint(name="credit_week_counts", condition=Q(decisions__gt=0)),
        ]
        triggers: ClassVar = [pgtrigger.Protect(name="week_is_frozen", operation=FROZEN)]

    def __str__(self) -> str:
        return f"{self.week} {self.name}"


class MonthOfOutcomes(models.Model):
    """Loans that reached so many months on book in this month: defaults expected by then, exact 95 % limits, and those observed. Grade "": all."""

    model = models.CharField(max_length=60)
    model_sha256 = models.CharField(max_length=64)
    month = models.DateField(_("Month"))  # its first day
    months_on_book = models.IntegerField(_("Months on book"))
    grade = models.CharField(max_length=2, blank=True)
    loans = models.IntegerField(pgettext_lazy("count", "Loans"))
    expected = models.DecimalField(_("Defaults expected"), max_digits=12, decimal_places=3)
    observed = models.IntegerField(_("Defaults observed"))
    low = models.IntegerField(_("No surprise from"))
    high = models.IntegerField(_("No surprise up to"))

    class Meta:
        verbose_name = _("month of outcomes")
        verbose_name_plural = _("months of outcomes")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["model_sha256", "month", "months_on_book", "grade"], name="credit_month_once"),
            models.CheckConstraint(
                name="credit_month_counts",
                condition=Q(loans__gt=0, observed__gte=0, observed__lte=F("loans"), low__gte=0, high__gte=F("low"), high__lte=F("loans")),
            ),
        ]
        triggers: ClassVar = [pgtrigger.Protect(name="month_is_frozen", operation=FROZEN)]

    def __str__(self) -> str:
        return f"{self.month} {self.months_on_book} {self.grade}"

    @property
    def within(self) -> bool:
        return self.low <= self.observed <= self.high


class ModelAlarm(models.Model):
    """Something rang: which model, what about it, and after how many decisions or loans of the period that ends on `on`."""

    model = models.CharField(max_length=60)
    model_sha256 = models.CharField(max_length=64)
    kind = models.CharField(max_length=16, choices=KINDS)
    about = models.CharField(_("About what"), max_length=24, choices=[*INPUTS, ("outcome", _("Outcomes"))])
    months_on_book = models.IntegerField(_("Months on book"), default=0)  # 0: it is about applicants
    after = models.IntegerField(_("Rang after so many"))
    on = models.DateField(_("Period until"))
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("alarm of the monitoring")
        verbose_name_plural = _("alarms of the monitoring")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["model_sha256", "on", "about", "months_on_book"], name="credit_alarm_once"),
            models.CheckConstraint(name="credit_alarm_after", condition=Q(after__gt=0)),
        ]
        triggers: ClassVar = [pgtrigger.Protect(name="alarm_is_frozen", operation=FROZEN)]

    def __str__(self) -> str:
        return f"{self.get_about_display()}: {self.get_kind_display()}"
