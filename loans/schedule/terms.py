"""The words of a schedule: its terms, its rows, and what makes terms impossible."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, get_args

Method = Literal["equal_installment", "equal_principal", "interest_only", "bullet", "flat", "custom"]
Period = Literal["day", "week", "month"]
DayCount = Literal["30/360", "actual/365", "actual/360", "actual/actual", "equal_period"]
RoundingMode = Literal["half_even", "half_up"]
DueDateRule = Literal["clamp", "roll_to_next_month_first"]
BulletInterest = Literal["simple", "compound"]
BusinessDayRule = Literal["none", "following", "modified_following"]

PRINCIPAL_MAX = 10**18
PERIODS_MAX = 12_000
RATE_MAX = Decimal(1_000_000)
RATE_DIGITS_MAX = 30
GRACE_METHODS = ("equal_installment", "equal_principal", "flat", "interest_only")


class UnableToSchedule(Exception):
    """These terms have no schedule. `.field` names the offending term, `.message` says why (English, no personal data)."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Rounding:
    mode: RoundingMode = "half_even"
    installment_multiple: int = 1


@dataclass(frozen=True, slots=True)
class CustomRow:
    due_on: date
    principal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Money in minor units; `annual_rate` as a fraction of one (0.12). Raises `UnableToSchedule` when impossible.

    `rows` belong to the method `custom` only, where `periods` may be 0 (then the number of rows counts).
    """

    method: Method
    principal: int
    annual_rate: Decimal
    periods: int
    period: Period = "month"
    period_every: int = 1
    day_count: DayCount = "equal_period"
    currency_digits: int = 2
    disbursed_on: date | None = None
    first_due_on: date | None = None
    rounding: Rounding = Rounding()
    principal_grace_periods: int = 0
    due_date_rule: DueDateRule = "clamp"
    bullet_interest: BulletInterest = "simple"
    business_day_rule: BusinessDayRule = "none"
    holidays: frozenset[date] = field(default=frozenset())
    rows: tuple[CustomRow, ...] = ()

    def __post_init__(self) -> None:
        self._check_words()
        self._check_amounts()
        self._check_dates()
        if self.method == "custom":
            self._check_rows()
        elif self.rows:
            raise UnableToSchedule("rows", "only the method custom has rows")

    def _check_words(self) -> None:
        words = (
            ("method", Method),
            ("period", Period),
            ("day_count", DayCount),
            ("due_date_rule", DueDateRule),
            ("bullet_interest", BulletInterest),
            ("business_day_rule", BusinessDayRule),
        )
        for name, allowed in words:
            if getattr(self, name) not in get_args(allowed):
                raise UnableToSchedule(name, f"must be one of {', '.join(get_args(allowed))}")
        if self.rounding.mode not in get_args(RoundingMode):
            raise UnableToSchedule("rounding.mode", f"must be one of {', '.join(get_args(RoundingMode))}")

    def _check_amounts(self) -> None:
        periods_min = 0 if self.method == "custom" else 1
        within("principal_minor", self.principal, 1, PRINCIPAL_MAX)
        within("periods", self.periods, periods_min, PERIODS_MAX)
        within("period_every", self.period_every, 1, 1200)
        within("currency_digits", self.currency_digits, 0, 3)
        within("rounding.installment_multiple_minor", self.rounding.installment_multiple, 1, PRINCIPAL_MAX)
        check_rate("annual_rate", self.annual_rate)
        within("principal_grace_periods", self.principal_grace_periods, 0, max(self.periods - 1, 0))
        if self.principal_grace_periods and self.method not in GRACE_METHODS:
            raise UnableToSchedule("principal_grace_periods", f"does not apply to {self.method}")

    def _check_dates(self) -> None:
        if self.disbursed_on is None and self.day_count.startswith("actual"):
            raise UnableToSchedule("disbursed_on", f"the day count {self.day_count} needs dates")
        if self.disbursed_on and self.first_due_on and self.first_due_on <= self.disbursed_on:
            raise UnableToSchedule("first_due_on", "must be after disbursed_on")

    def _check_rows(self) -> None:
        if not self.rows:
            raise UnableToSchedule("rows", "the method custom needs rows")
        if self.periods not in (0, len(self.rows)):
            raise UnableToSchedule("periods", "must equal the number of rows")
        if self.first_due_on and self.first_due_on != self.rows[0].due_on:
            raise UnableToSchedule("first_due_on", "must equal the first row's due_on")
        before = self.disbursed_on
        for index, row in enumerate(self.rows):
            within(f"rows[{index}].principal", row.principal, 0, PRINCIPAL_MAX)
            if before and row.due_on <= before:
                raise UnableToSchedule(f"rows[{index}].due_on", "must be after the date before it")
            before = row.due_on
        if sum(row.principal for row in self.rows) != self.principal:
            raise UnableToSchedule("rows", "the principals must add up to principal_minor")


@dataclass(frozen=True, slots=True)
class Installment:
    number: int
    due_on: date | None
    principal: int
    interest: int
    total: int
    balance_after: int


@dataclass(frozen=True, slots=True)
class Totals:
    principal: int
    interest: int
    total: int


@dataclass(frozen=True, slots=True)
class Schedule:
    installments: tuple[Installment, ...]
    totals: Totals


def within(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise UnableToSchedule(name, f"must be from {low} to {high}")


def check_rate(name: str, rate: Decimal) -> None:
    """Bounds keep a hostile exponent from becoming a number of a million digits."""
    exponent = rate.as_tuple().exponent
    if not isinstance(exponent, int) or not 0 <= rate <= RATE_MAX or abs(exponent) > RATE_DIGITS_MAX:
        raise UnableToSchedule(name, f"must be a number from 0 to {RATE_MAX} with at most {RATE_DIGITS_MAX} decimals")
