"""The desk speaks the reader's language down to the last label."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets, label_for_field
from django.db.models import Model
from django.test import RequestFactory
from django.utils import translation

from accounts.models import User
from privacy import disclosure

ROOT = Path(__file__).parents[2]
HAN = re.compile(r"[\u4e00-\u9fff]")


def test_staff_read_no_name_that_only_code_uses() -> None:
    """Not on a list, a filter or a form; a number of a row is called ID everywhere."""
    with translation.override("zh-hans"):
        bare = [f"{desk.model.__name__}.{name}: {label}" for desk, name, label in labels() if label != "ID" and not HAN.search(label)]
    assert bare == []


def test_every_row_can_be_called_something() -> None:
    assert [model.__name__ for model in admin.site._registry if model.__str__ is Model.__str__] == []


def labels() -> list[tuple[Any, str, str]]:
    request = RequestFactory().get("/")
    request.user = User(is_active=True, is_staff=True, is_superuser=True)
    return [(desk, name, str(label_for_field(name, model, desk))) for model, desk in admin.site._registry.items() for name in shown(desk, request)]


def shown(desk: Any, request: Any) -> list[str]:
    names = {
        *flatten_fieldsets(desk.get_fieldsets(request)),
        *desk.list_filter,
        *(name for name in desk.get_list_display(request) if name != "action_checkbox"),
    }
    return sorted(name for name in names if isinstance(name, str) and "__" not in name)


def test_every_part_of_the_program_that_may_look_has_words_for_the_person_looked_at():
    """Roles and engines as the source writes them; the page "who looked at me" never shows a code."""
    wanted = re.compile(r"""(?:\bengine|\brole)=["']([a-z_.]+)["']|^ENGINE = ["']([a-z][a-z_.]+)["']""", re.MULTILINE)
    apps = ("accounts", "credit", "loans", "marketplace", "notifications", "payments", "privacy")
    source = "\n".join(path.read_text() for app in apps for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts)
    found = {first or second for first, second in wanted.findall(source)}
    in_a_party, in_html = {"prepare", "sign"}, {"row", "rowheader", "cell", "img"}
    assert found - set(disclosure.ROLES) <= in_a_party | in_html, "those are no readers"
