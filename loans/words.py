"""The catalogues of the application: codes that are stored, and their words."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Words = dict[str, str | Promise]

OCCUPATIONS: Words = {
    "employed": _("Employed"),
    "civil_servant": _("Public service"),
    "skilled": _("Skilled trade"),
    "manager": _("Management or highly qualified"),
    "self_employed": _("Self-employed"),
    "unskilled": _("Unskilled work"),
    "unemployed": _("Not working at present"),
}
INDUSTRIES: Words = {
    "food": _("Food and catering"),
    "retail": _("Retail"),
    "manufacturing": _("Manufacturing"),
    "transport": _("Transport"),
    "services": _("Services"),
    "construction": _("Construction"),
    "agriculture": _("Agriculture"),
    "education": pgettext_lazy("industry", "Education"),
    "health": _("Health"),
    "technology": _("Technology"),
    "other": pgettext_lazy("industry", "Other"),
}
REGIONS: Words = {
    "BJ": _("Beijing"),
    "SH": _("Shanghai"),
    "GD": _("Guangdong"),
    "JS": _("Jiangsu"),
    "ZJ": _("Zhejiang"),
    "SD": _("Shandong"),
    "SC": _("Sichuan"),
    "HB": _("Hubei"),
    "FJ": _("Fujian"),
    "HA": _("Henan"),
    "other": _("Another province"),
}
HOUSINGS: Words = {"own": _("Own home"), "rent": _("Rented"), "free": _("Rent-free")}
SOURCES: Words = {
    "salary": _("Salary"),
    "business": _("Business income"),
    "harvest": _("Seasonal sales"),
    "rent": _("Rent received"),
    "other": pgettext_lazy("source", "Another source"),
}
# Wider words for the same, where few people would fit the narrow ones (anonymity.py).
GROUPS: dict[str, Words] = {
    "region": {"east": _("A province in the east"), "central_west": _("A province in the center or west")},
    "industry": {"goods": _("Farming, manufacturing or construction"), "services": pgettext_lazy("industry group", "Trade or services")},
    "occupation": {"employee": _("In employment")},
}
VALUES: dict[str, Words] = {"occupation": OCCUPATIONS, "industry": INDUSTRIES, "region": REGIONS, "housing": HOUSINGS, "repayment_source": SOURCES}
DEBT_MONTHLY = _("Debt payments a month")
FIELD_LABELS: Words = {
    "occupation": _("Work"),
    "industry": _("Industry"),
    "region": _("Province"),
    "months_at_work": _("Time in this work"),
    "income_monthly": _("Income a month"),
    "debt_total": _("Debt in all"),
    "debt_other_platforms": _("Debt on other platforms"),
    "overdue_count_6m": _("Times overdue, last 6 months"),
    "repayment_source": _("Repaid from"),
}
