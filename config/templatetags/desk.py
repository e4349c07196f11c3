"""The desk on the first page of the staff's side."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from accounts import act_words
from accounts.models import Act
from config import books, desk
from core import business_day

register = template.Library()


@register.inclusion_tag("admin/desk.html", takes_context=True)
def staff_desk(context: dict[str, Any]) -> dict[str, Any]:
    user = context["request"].user
    return {"todos": desk.todos(user, now=timezone.now()), "warnings": desk.warnings(), "today": business_day.current(), "books": books.last()}


@register.inclusion_tag("admin/own_acts.html", takes_context=True)
def own_acts(context: dict[str, Any]) -> dict[str, Any]:
    """What the reader did last, from the register of acts."""
    acts = Act.objects.filter(actor=context["request"].user).order_by("-pk")[:8]
    return {"acts": [{"at": act.at, "what": act_words.words(act.action), "target": act.target} for act in acts]}
