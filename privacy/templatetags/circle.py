"""{{ scope|scope_help }}: what a box on a contact's page means."""

from typing import Any

from django import template

from privacy.circle_forms import SCOPE_HELP

register = template.Library()


@register.filter
def scope_help(scope: Any) -> str:
    return str(SCOPE_HELP.get(str(scope), ""))
