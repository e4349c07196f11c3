"""Becoming a member: registration in one transaction, and the list of what is still to do."""

from datetime import datetime

from django.db import transaction

from . import parties
from .models import User


@transaction.atomic
def register(*, email: str, password: str | None, language: str, now: datetime, staff: bool = False) -> User:
    """A user, their data subject and the party that is them. Everybody gets all three, staff too."""
    user = User.objects.create_user(email, password, now=now, language=language, is_staff=staff)
    parties.create_person(user=user, now=now)
    return user
