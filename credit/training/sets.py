"""The data sets we train on, as declarations: which fields are known at application, what each set says of price, and how it divides by time.

Only a declared field can enter a model. What the platform decided (price, grade), what happened not_used, what comes from the people
around a borrower, and what the law protects is declared too, as exactly that, so that a training file cannot bring in anything unnamed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Input:
    """What a model may use: a field, or figures made of fields. `trend` +1: may only raise the risk as it grows; -1: only lower it."""

    name: str
    op: str = "value"
    of: tuple[str, ...] = ()
    trend: int = 0

    def recipe(self) -> dict[str, Any]:
        return {"name": self.name, "op": self.op, "of": list(self.of)}


@dataclass(frozen=True)
class DataSet:
    """`fields` are known at application; every other column is in exactly one of the lists that keep it out."""

    name: str
    title: Mapping[str, str]
    period: str
    fields: Mapping[str, Mapping[str, Any]]
    inputs: tuple[Input, ...]
    levels: tuple[str, ...] = ()
    price: Mapping[str, int] = field(default_factory=dict)  # the platform's own judgement; the sign that points to more risk
    circle: tuple[str, ...] = ()
    cosigner: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    not_used: tuple[str, ...] = ()  # known only later, or no business of a model
    thin: tuple[str, ...] = ()
    groups: Mapping[str, Callable[[Row], str]] = field(default_factory=dict)  # of protected attributes: to test fairness, never inputs
    file: str = ""  # when it is another set's
    period_of: Callable[[Row], str] | None = None
    by_time: tuple[tuple[str, str, str, str], ...] = ()  # (name, train up to, test from, test up to), periods inclusive
    limits: tuple[Mapping[str, str], ...] = ()  # what the figures of this set cannot say
    identity: Callable[[str, Row], tuple[str, object]] = lambda name, row: (name, row["row_id"])

    @property
    def kept_out(self) -> tuple[str, ...]:
        return (*self.price, *self.circle, *self.protected, *self.not_used)


NUMBER: Mapping[str, Any] = {"kind": "number", "least": 0}
ANY_NUMBER: Mapping[str, Any] = {"kind": "number"}
TEXT: Mapping[str, Any] = {"kind": "text"}


def numbers(*names: str) -> dict[str, Mapping[str, Any]]:
    return dict.fromkeys(names, NUMBER)


def texts(*names: str) -> dict[str, Mapping[str, Any]]:
    return dict.fromkeys(names, TEXT)


def plain(trend: int, *names: str) -> tuple[Input, ...]:
    """Fields as they are, all with one trend."""
    return tuple(Input(f"{name}.value", "value", (name,), trend) for name in names)


def ratio(name: str, part: str, whole: str, trend: int = 0) -> Input:
    return Input(name, "ratio", (part, whole), trend)


def without(of: DataSet, columns: tuple[str, ...]) -> DataSet:
    """The set without `columns`, and without every figure made of them."""
    gone = set(columns)
    inputs = []
    for each in of.inputs:
        if gone & set(each.of):
            gone.add(each.name)
        else:
            inputs.append(each)
    fields = {field: kind for field, kind in of.fields.items() if field not in gone}
    return replace(of, fields=fields, inputs=tuple(inputs), levels=tuple(name for name in of.levels if name not in gone))


def restricted(of: DataSet, names: tuple[str, ...]) -> DataSet:
    """The set with these fields only, and the figures that can be made of them."""
    return without(of, tuple(field for field in of.fields if field not in names))
