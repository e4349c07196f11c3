"""The model in life, to look at: weeks of applicants, months of outcomes, and what rang."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.admin import ReadOnlyAdmin
from accounts.columns import columns
from core.templatetags.look import tag
from credit.models import ModelAlarm, MonthOfOutcomes, WeekOfInputs


@admin.register(ModelAlarm)
class ModelAlarmAdmin(ReadOnlyAdmin):
    list_display = ("when", "what", "kind", *columns("model"), "months_on_book", "after")
    list_filter = ("about",)
    ordering = ("-on", "-pk")

    @admin.display(description=_("Period until"), ordering="on")
    def when(self, found: ModelAlarm) -> object:
        return found.on

    @admin.display(description=_("About what"), ordering="about")
    def what(self, found: ModelAlarm) -> str:
        return found.get_about_display()


@admin.register(WeekOfInputs)
class WeekOfInputsAdmin(ReadOnlyAdmin):
    """Index by week: the score first."""

    list_display = ("week", "name", "of_model", "decisions", "index", "asks")
    list_filter = ("asks_for", "name")
    list_select_related = ("watch",)
    date_hierarchy = "week"
    ordering = ("-week", "pk")

    @admin.display(description=_("Model"), ordering="watch__model")
    def of_model(self, found: WeekOfInputs) -> str:
        return found.watch.model

    @admin.display(description=pgettext_lazy("monitoring", "Asks for"), ordering="asks_for")
    def asks(self, found: WeekOfInputs) -> object:
        words = found.get_asks_for_display()
        return tag("late" if found.asks_for in ("look", "stop") else "active", words) if found.asks_for != "too_few" else words


@admin.register(MonthOfOutcomes)
class MonthOfOutcomesAdmin(ReadOnlyAdmin):
    """Observed against expected by age; grade empty: all grades."""

    list_display = ("month", "months_on_book", "of_grade", "loans", "expected", "limits", "observed", "verdict", *columns("model"))
    list_filter = ("months_on_book",)
    date_hierarchy = "month"
    ordering = ("-month", "months_on_book", "grade")

    @admin.display(description=_("Grade"), ordering="grade")
    def of_grade(self, found: MonthOfOutcomes) -> str:
        return found.grade or str(_("All grades"))

    @admin.display(description=_("No surprise (95 %)"))
    def limits(self, found: MonthOfOutcomes) -> str:
        return f"{found.low} – {found.high}"

    @admin.display(description=_("Verdict"))
    def verdict(self, found: MonthOfOutcomes) -> object:
        return tag("active", _("as expected")) if found.within else tag("late", _("outside the range"))
