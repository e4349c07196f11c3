"""Reading JSON inputs strictly: every field named, typed and bounded; what is wrong is said with the field's name."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

T = TypeVar("T")
REQUIRED: Any = object()
INT_DIGITS_MAX = 30
DECIMAL_DIGITS_MAX = 40


class InvalidInput(Exception):
    """`.field` is a path such as `cashflows[2].amount`; `.message` says what it must be (English)."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


def read_json(text: str) -> Any:
    """JSON with decimals exact. NaN, an infinity or a repeated key spoils the item it stands in: that item is then the InvalidInput to raise."""
    spoiled: list[InvalidInput] = []

    def constant(name: str) -> InvalidInput:
        spoiled.append(InvalidInput("", f"is not JSON: {name}"))
        return spoiled[-1]

    def record(pairs: list[tuple[str, Any]]) -> Any:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        spoiled.append(InvalidInput(Counter(key for key, _ in pairs).most_common(1)[0][0], "is given twice"))
        return spoiled[-1]

    try:
        data = json.loads(text, parse_float=Decimal, parse_constant=constant, object_pairs_hook=record)
        if not spoiled:
            return data
        return [_spoiled(item) or item for item in data] if isinstance(data, list) else _spoiled(data) or data
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise InvalidInput("", f"is not JSON{where}") from None


def _spoiled(value: Any) -> InvalidInput | None:
    """The first thing in it that is no JSON."""
    if isinstance(value, InvalidInput):
        return value
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for item in inside if (found := _spoiled(item))), None)


@contextmanager
def translated(*errors: type[Exception]) -> Iterator[None]:
    """The engines' own refusals (with `.field` and `.message`) as `InvalidInput`."""
    try:
        yield
    except errors as error:
        raise InvalidInput(getattr(error, "field", ""), getattr(error, "message", str(error))) from None


class Record:
    """One JSON object being read: take each field once, then `done()` refuses what was not asked for."""

    def __init__(self, data: Any, path: str = "") -> None:
        if not isinstance(data, dict):
            raise InvalidInput(path, "must be an object")
        self.data, self.path, self.asked = data, path, set[str]()

    def name(self, field: str) -> str:
        return f"{self.path}.{field}" if self.path else field

    def has(self, field: str) -> bool:
        return field in self.data

    def take(self, field: str, read: Callable[[Any, str], T], default: Any = REQUIRED) -> T:
        self.asked.add(field)
        if field not in self.data:
            if default is REQUIRED:
                raise InvalidInput(self.name(field), "is required")
            return default  # type: ignore[no-any-return]
        return read(self.data[field], self.name(field))

    def done(self) -> None:
        for field in self.data:
            if field not in self.asked:
                raise InvalidInput(self.name(field), "is not a field of this input")


def whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInput(name, "must be a whole number")
    if abs(value) >= 10**INT_DIGITS_MAX:
        raise InvalidInput(name, f"must have at most {INT_DIGITS_MAX} digits")
    return value


def text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise InvalidInput(name, "must be a text")
    return value


def one_of(*words: str) -> Callable[[Any, str], Any]:
    def read(value: Any, name: str) -> str:
        if text(value, name) not in words:
            raise InvalidInput(name, f"must be one of {', '.join(words)}")
        return str(value)

    return read


def number(value: Any, name: str) -> Decimal:
    """A JSON number or a decimal string, exact; bounded so that no exponent explodes."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise InvalidInput(name, "must be a number or a decimal text")
    try:
        found = Decimal(value) if not isinstance(value, str) or value.strip() == value else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite() or (isinstance(value, str) and "_" in value):
        raise InvalidInput(name, "must be a decimal number such as 0.12")
    _, digits, exponent = found.as_tuple()
    if len(digits) > DECIMAL_DIGITS_MAX or not isinstance(exponent, int) or abs(exponent) > DECIMAL_DIGITS_MAX:
        raise InvalidInput(name, f"must have at most {DECIMAL_DIGITS_MAX} digits")
    return found


def day(value: Any, name: str) -> date:
    try:
        found = date.fromisoformat(text(value, name))
    except ValueError:
        found = None
    if found is None or found.isoformat() != value:
        raise InvalidInput(name, "must be a date such as 2026-11-23")
    return found


def listed(read: Callable[[Any, str], T]) -> Callable[[Any, str], list[T]]:
    def read_all(value: Any, name: str) -> list[T]:
        if not isinstance(value, list):
            raise InvalidInput(name, "must be a list")
        return [read(item, f"{name}[{index}]") for index, item in enumerate(value)]

    return read_all
