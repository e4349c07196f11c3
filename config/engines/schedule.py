"""JSON for `loans.schedule`."""

from datetime import date
from typing import Any, get_args

from config.reading import InvalidInput, Record, day, listed, number, one_of, translated, whole
from loans.schedule import CustomRow, Rounding, Schedule, Terms, UnableToSchedule, build
from loans.schedule import terms as words


def run(data: dict[str, Any]) -> dict[str, Any]:
    with translated(UnableToSchedule):
        return written(build(read(data)))


def read(data: dict[str, Any]) -> Terms:
    record = Record(data)
    method = record.take("method", one_of(*get_args(words.Method)))
    custom = method == "custom"
    terms: dict[str, Any] = {
        "principal": record.take("principal_minor", whole),
        "annual_rate": record.take("annual_rate", number),
        "periods": record.take("periods", whole, *([0] if custom else [])),
        "period": record.take("period", one_of(*get_args(words.Period)), *(["month"] if custom else [])),
        "period_every": record.take("period_every", whole, 1),
        "day_count": record.take("day_count", one_of(*get_args(words.DayCount))),
        "currency_digits": record.take("currency_digits", whole, 2),
        "disbursed_on": record.take("disbursed_on", _maybe_day, None),
        "first_due_on": record.take("first_due_on", _maybe_day, None),
        "rounding": record.take("rounding", _rounding, Rounding()),
        "principal_grace_periods": record.take("principal_grace_periods", whole, 0),
        "due_date_rule": record.take("due_date_rule", one_of(*get_args(words.DueDateRule)), "clamp"),
        "bullet_interest": record.take("bullet_interest", one_of(*get_args(words.BulletInterest)), "simple"),
        "business_day_rule": record.take("business_day_rule", one_of(*get_args(words.BusinessDayRule)), "none"),
        "holidays": frozenset(record.take("holidays", listed(day), [])),
        "rows": tuple(record.take("rows", listed(_row), [])),
    }
    record.done()
    if record.has("periods") and terms["periods"] < 1:
        raise InvalidInput("periods", "must be at least 1")
    return Terms(method=method, **terms)


def _maybe_day(value: Any, name: str) -> date | None:
    return None if value is None else day(value, name)


def _rounding(value: Any, name: str) -> Rounding:
    record = Record(value, name)
    rounding = Rounding(
        record.take("mode", one_of(*get_args(words.RoundingMode)), "half_even"),
        record.take("installment_multiple_minor", whole, 1),
    )
    record.done()
    return rounding


def _row(value: Any, name: str) -> CustomRow:
    record = Record(value, name)
    row = CustomRow(record.take("due_on", day), record.take("principal", whole))
    record.done()
    return row


def written(schedule: Schedule) -> dict[str, Any]:
    return {
        "installments": [
            {
                "number": row.number,
                "due_on": row.due_on.isoformat() if row.due_on else None,
                "principal": row.principal,
                "interest": row.interest,
                "total": row.total,
                "balance_after": row.balance_after,
            }
            for row in schedule.installments
        ],
        "totals": {"principal": schedule.totals.principal, "interest": schedule.totals.interest, "total": schedule.totals.total},
    }


def stored(reference: str) -> dict[str, Any]:
    from config.engines import stored as kept  # needs Django, which recomputing a file does not

    return run(kept.terms(reference))
