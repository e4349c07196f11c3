"""Transition tables: which state follows which, held by the database, moved by compare-and-set, remembered with who and why."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import pghistory
import pgtrigger
from django.db import connections, models, router
from django.db.models import CheckConstraint, Q

from core.refusals import LEGAL_MOVE, IllegalMove, StaleState

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

__all__ = ["IllegalMove", "StaleState", "StateChange", "Transitions", "because", "history", "move", "reached", "track_state"]

M = TypeVar("M", bound=type[models.Model])


class Transitions:
    """A small table one can read aloud: from each state, the states that may follow.

    `initial` is the state (or the states) a new row may be born in. States without an entry in `moves` are final.
    """

    def __init__(self, initial: str | Iterable[str], moves: Mapping[str, tuple[str, ...]]) -> None:
        self.initial = (initial,) if isinstance(initial, str) else tuple(initial)
        self.moves = {state: tuple(following) for state, following in moves.items()}
        everyone = [*self.initial, *self.moves, *(state for following in self.moves.values() for state in following)]
        self.states = tuple(dict.fromkeys(everyone))
        if not all(state.replace("_", "").isalnum() for state in self.states):
            raise ValueError("states are short lower-case words")

    @property
    def final(self) -> tuple[str, ...]:
        return tuple(state for state in self.states if not self.moves.get(state))

    def allows(self, before: str, after: str) -> bool:
        return after in self.moves.get(before, ())

    def choices(self, labels: Mapping[str, StrOrPromise]) -> list[tuple[str, StrOrPromise]]:
        """Pairs for a field's `choices`, in the order of the table. Each state needs its label."""
        return [(state, labels[state]) for state in self.states]

    def trigger(self, field: str = "state", name: str = "legal_moves") -> LegalMoves:
        """For `Meta.triggers`: the database refuses every other move and every other birth, whoever asks."""
        return LegalMoves(transitions=self, field=field, name=name)


class LegalMoves(pgtrigger.Trigger):
    """Refuses, as a check violation named <table>_<field>_legal_move, what the transition table does not have."""

    when = pgtrigger.Before

    def __init__(self, *, transitions: Transitions, field: str, name: str) -> None:
        self.transitions = transitions
        self.field = field
        super().__init__(name=name, operation=pgtrigger.Insert | pgtrigger.UpdateOf(field))

    def get_func(self, model: type[models.Model]) -> str:  # type: ignore[override]  # a class in fact
        column = _column(model, self.field)
        table = model._meta.db_table
        initial = _sql_array(self.transitions.initial)
        moves = _sql_array(f"{before}>{after}" for before, following in self.transitions.moves.items() for after in following)
        refuse = (
            "RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = '{table}', CONSTRAINT = '{table}_{field}" + LEGAL_MOVE + "', MESSAGE = {{message}};"
        ).format(table=table, field=self.field)
        birth = refuse.format(message=f"'{table}: a row cannot be born in this state: ' || NEW.\"{column}\"")
        step = refuse.format(message=f"'{table}: illegal move: ' || OLD.\"{column}\" || '>' || NEW.\"{column}\"")
        return self.format_sql(
            f"""
            IF TG_OP = 'INSERT' THEN
                IF NOT (NEW."{column}" = ANY({initial})) THEN {birth} END IF;
            ELSIF OLD."{column}" IS DISTINCT FROM NEW."{column}" AND NOT ((OLD."{column}" || '>' || NEW."{column}") = ANY({moves})) THEN {step}
            END IF;
            RETURN NEW;
            """
        )


def _column(model: type[models.Model], name: str) -> str:
    return next(str(field.column) for field in model._meta.concrete_fields if field.name == name)


def _sql_array(values: Iterable[str]) -> str:
    return "ARRAY[" + ", ".join(f"'{value}'" for value in values) + "]::text[]"


def reached(states: Iterable[str], timestamp: str, *, field: str = "state", name: str = "") -> CheckConstraint:
    """ "Reached one of these states ⇔ has its timestamp", for `Meta.constraints`."""
    there = Q(**{f"{field}__in": sorted(states)})
    stamped = Q(**{f"{timestamp}__isnull": False})
    return CheckConstraint(condition=(there & stamped) | (~there & ~stamped), name=name or f"%(app_label)s_%(class)s_{timestamp}_reached")


def move(row: models.Model, to: str, *, now: datetime, by: int | None = None, why: str = "", **updates: Any) -> None:
    """Moves the row from the state it was read in to `to`, in one guarded UPDATE, and remembers who (user id) and why (code).

    A column named `<to>_at` is set to `now` unless given; `updates` are set with it. The row in memory follows.
    Raises IllegalMove when the table has no such move, StaleState when the row is no longer in the state it was read in.
    """
    legal = _legal_moves(type(row))
    before = getattr(row, legal.field)
    if not legal.transitions.allows(before, to):
        raise IllegalMove(f"{row._meta.label}: {before} > {to}")
    if f"{to}_at" in {field.name for field in row._meta.concrete_fields}:
        updates.setdefault(f"{to}_at", now)
    updates[legal.field] = to
    with because(by=by, why=why, now=now, using=router.db_for_write(type(row), instance=row)):
        moved = type(row)._base_manager.filter(pk=row.pk, **{legal.field: before}).update(**updates)
    if moved != 1:
        raise StaleState(f"{row._meta.label}: no longer {before}")
    computed = [name for name, value in updates.items() if hasattr(value, "resolve_expression")]
    for name, value in updates.items():
        if name not in computed:
            setattr(row, name, value)
    if computed:
        row.refresh_from_db(fields=computed)


def _legal_moves(model: type[models.Model]) -> LegalMoves:
    for trigger in getattr(model._meta, "triggers", []):
        if isinstance(trigger, LegalMoves):
            return trigger
    raise TypeError(f"{model._meta.label} has no transition table")


class _Reasons(threading.local):
    stack: list[_Reason] = []


@dataclass(frozen=True)
class _Reason:
    metadata: str

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """Wraps the statement, in one round trip, with the reason and its removal, so that it marks these rows and no later ones."""
        if many or _reasons.stack[-1] is not self or not sql.lstrip()[:6].upper().startswith(("INSERT", "UPDATE", "DELETE", "WITH")):
            return execute(sql, params, many, context)
        named, ours = isinstance(params, dict), (str(uuid.uuid4()), self.metadata)
        marks = ("%(state_context_id)s", "%(state_context_metadata)s") if named else ("%s", "%s")
        before = "SELECT set_config('pghistory.context_id', {}, true), set_config('pghistory.context_metadata', {}, true); ".format(*marks)
        after = "; SELECT set_config('pghistory.context_id', '', true), set_config('pghistory.context_metadata', '', true)"
        with_ours = {**params, "state_context_id": ours[0], "state_context_metadata": ours[1]} if named else (*ours, *(params or ()))
        result = execute(before + (sql if params else sql.replace("%", "%%")) + after, with_ours, many, context)
        context["cursor"].cursor.set_result(-2)  # the statement's own rows and count, not the answer of set_config
        return result


_reasons = _Reasons()


@contextmanager
def because(*, by: int | None = None, why: str = "", now: datetime | None = None, using: str = "default") -> Iterator[None]:
    """Who and why for every state event written inside: for births and for set-based moves. `move` does this by itself."""
    reason = _Reason(json.dumps({"user": by, "why": why, "at": now.isoformat() if now else None}))
    wrappers = connections[using].execute_wrappers
    _reasons.stack = [*_reasons.stack, reason]
    wrappers.insert(0, reason)
    try:
        yield
    finally:
        wrappers.remove(reason)
        _reasons.stack = _reasons.stack[:-1]


def track_state(model: M) -> M:
    """Class decorator: keeps a row, by trigger, of each birth and each change of state: the id, the state, who, why. Nothing personal."""
    field = _legal_moves(model).field
    pghistory.track(
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(condition=pgtrigger.AnyChange(field)),
        fields=[field],
        obj_field=pghistory.ObjForeignKey(related_name="state_events"),
        context_field=pghistory.ContextJSONField(),
        context_id_field=None,  # type: ignore[arg-type]
        append_only=True,
        model_name=f"{model.__name__}StateEvent",
    )(model)
    return model


@dataclass(frozen=True)
class StateChange:
    """One line of a row's timeline. `by` is a user id, `why` a code; both may be empty."""

    state: str
    at: datetime
    by: int | None
    why: str


def history(row: models.Model) -> list[StateChange]:
    """The timeline of a tracked row, oldest first, for staff."""
    field = _legal_moves(type(row)).field
    changes = []
    for event in row.state_events.order_by("pgh_id"):  # type: ignore[attr-defined]
        context = event.pgh_context or {}
        at = datetime.fromisoformat(context["at"]) if context.get("at") else event.pgh_created_at
        changes.append(StateChange(state=getattr(event, field), at=at, by=context.get("user"), why=context.get("why") or ""))
    return changes
