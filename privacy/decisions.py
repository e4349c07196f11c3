"""Contact decisions as this installation makes them: the rules in force here, and (with them) every decision kept."""

from __future__ import annotations

from datetime import date

from django.conf import settings

from privacy.rulebook import operator
from privacy.rulebook.rules import Rulebook


def rulebook(*, on: date) -> Rulebook:
    """The rules in force on that day: newest editions, signed off (or in the sandbox), the floor as the operator tightened it. Raises BrokenPack."""
    return operator.in_force(on=on, sandbox=settings.SIGNED_PACKS_SANDBOX, own=operator.from_file(settings.CONTACT_RULES))
