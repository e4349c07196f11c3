"""Migrations at a fraction of their cost.

Django renders a changed model anew, and every model that is related to it, however far; here only what a change touches. A new model is added
beside the others, as it is when a program starts; new fields, constraints and indexes are added to the rendered class, and triggers, which are read
from their operation alone, leave it as it is. Changed fields and other options go Django's own way. The schema that comes out is the same
(tests/core/test_migrating.py compares), in about a third of the time: a new installation is there in seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from django.db.migrations.state import ModelState, ProjectState

LISTS = ("constraints", "indexes")


@dataclass(frozen=True)
class Rendered:
    """What a class was rendered from."""

    fields: tuple[tuple[str, Any], ...]
    bases: tuple[Any, ...]
    options: dict[str, Any]

    @classmethod
    def of(cls, state: ModelState) -> Rendered:
        return cls(tuple(state.fields.items()), tuple(state.bases), {k: v for k, v in state.options.items() if k not in (*LISTS, "triggers")})

    def grown(self, other: Rendered) -> tuple[tuple[str, Any], ...] | None:
        """The fields that `other` has more; None when it differs in anything else. States share field objects until an operation replaces one."""
        fields = zip(self.fields, other.fields, strict=False)
        alike = len(self.fields) <= len(other.fields) and all(n == m and one is two for (n, one), (m, two) in fields)
        return other.fields[len(self.fields) :] if alike and self.bases == other.bases and self.options == other.options else None


@contextmanager
def only_what_changes() -> Iterator[None]:
    """Within it, a state re-renders no model whose fields are the ones it was rendered with."""
    reload_model, render = ProjectState.reload_model, ModelState.render
    rendered: WeakKeyDictionary[type, Rendered] = WeakKeyDictionary()

    def remembering(self: ModelState, apps: Any) -> Any:
        made = render(self, apps)
        rendered[made] = Rendered.of(self)
        return made

    def reloading(self: ProjectState, app_label: str, model_name: str, delay: bool = False) -> None:
        if "apps" not in self.__dict__:
            return
        wanted, known = self.models[app_label, model_name.lower()], self.apps.all_models[app_label].get(model_name.lower())
        if known is None:
            self.apps.render_multiple([wanted])
        elif known in rendered and (added := rendered[known].grown(Rendered.of(wanted))) is not None:
            known._meta.apps = self.apps  # a new relation may lead to a model that states before this one do not know
            for name, field in added:
                field.clone().contribute_to_class(known, name)
            rendered[known] = Rendered.of(wanted)
            for name in LISTS:
                setattr(known._meta, name, [each.clone() for each in wanted.options.get(name, [])])
        else:
            reload_model(self, app_label, model_name, delay)

    ProjectState.reload_model, ModelState.render = reloading, remembering  # type: ignore[method-assign]
    try:
        yield
    finally:
        ProjectState.reload_model, ModelState.render = reload_model, render  # type: ignore[method-assign]
