"""JSON for `credit.pricing`."""

from typing import Any, get_args

from config.reading import Record, number, one_of, translated, whole
from credit.pricing import Basis, Cap, Method, Risk, UnableToPrice, price


def run(data: dict[str, Any]) -> dict[str, Any]:
    with translated(UnableToPrice):
        return price(read(data)).as_dict()


def read(data: dict[str, Any]) -> Risk:
    record = Record(data)
    values = {name: record.take(name, number) for name in ("pd", "lgd", "target_yield", "servicing_fee", "origination_fee")}
    term_months = record.take("term_months", whole)
    method = record.take("method", one_of(*get_args(Method)))
    cap = record.take("cap", _cap)
    record.done()
    return Risk(**values, term_months=term_months, method=method, cap=cap)


def _cap(value: Any, name: str) -> Cap:
    record = Record(value, name)
    cap = Cap(record.take("rate", number), record.take("basis", one_of(*get_args(Basis))))
    record.done()
    return cap


def stored(reference: str) -> dict[str, Any]:
    from config.engines import stored as kept  # needs Django, which recomputing a file does not

    opened = kept.decision(reference)
    return opened if "erased" in opened else run(kept.risk(reference, opened))
