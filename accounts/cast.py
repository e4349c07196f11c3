"""The fixed cast: Alice borrows, Bob and Carol invest, Dan reviews, Fay approves, Eve is a stranger, Grace borrows with Alice, Hana serves and audits.

Made only through the public operations and safe to repeat. For tests and the sample market; their passwords are public, so it refuses to run beside others.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial

from allauth.account.models import EmailAddress
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone
from stdnum.cn import ric

from privacy import notices
from privacy.forms import Answer
from privacy.models import Notice

from . import adapter, identity, onboarding, parties, roles
from .models import Party, User

PASSWORD = "three-arches-over-water"  # noqa: S105 (public on purpose)
TOTP_SECRET = "XINQIAOSANDBOXSTAFFCODE234567ABC"  # noqa: S105 (public on purpose; base32)


class NotASandbox(Exception):
    """The cast has public passwords: it is only for development and for sandbox installations that ask for it."""

    code = "not_a_sandbox"


@dataclass(frozen=True)
class Member:
    """One of the cast: the user and the party that is them."""

    user: User
    party: Party

    @property
    def email(self) -> str:
        return self.user.email


@dataclass(frozen=True)
class Person:
    """Who somebody of the cast is. `born`: the first 17 characters of the resident number."""

    name: str
    legal_name: str
    born: str
    borrows: bool = False
    invests: bool = False
    role: str = ""
    also: str = ""  # a second role of staff

    @property
    def email(self) -> str:
        return f"{self.name}@xinqiao.example"

    @property
    def number(self) -> str:
        return self.born + ric.calc_check_digit(self.born + "0")


PEOPLE = {
    person.name: person
    for person in (
        Person("alice", "林悦", "33010619910417002", borrows=True),
        Person("bob", "鲍勃文", "31010419850309101", invests=True),
        Person("carol", "柯岚", "11010819790825144", invests=True),
        Person("dan", "丹宁", "44030519880112033", role=roles.REVIEWER),
        Person("fay", "费雅", "51010719900630056", role=roles.APPROVER),
        Person("eve", "易未", "31010419930214078", borrows=True, invests=True),
        Person("grace", "葛蕾", "33010219920906062", borrows=True),
        Person("hana", "韩娜", "44010319870512028", role=roles.SERVICER, also=roles.AUDITOR),
        Person("nia", "倪雅", "33010219880315004", role=roles.PRIVACY, also=roles.MODELER),
    )
}


def one_time_code() -> tuple[str, int]:
    """The code staff of the cast sign in with now, and for how many seconds it stays good."""
    require_sandbox()
    period = app_settings.TOTP_PERIOD
    counter, passed = divmod(int(time.time()), period)
    return format_hotp_value(hotp_value(TOTP_SECRET, counter)), period - passed


def require_sandbox() -> None:
    """Raises NotASandbox where real people may be."""
    if not (settings.DEBUG or settings.SAMPLE_MARKET):
        raise NotASandbox


@transaction.atomic
def make(name: str, *, now: datetime | None = None) -> Member:
    """That person, signed up, with a verified address and identity; staff with their role and the published authenticator secret."""
    require_sandbox()
    person, moment = PEOPLE[name], now or timezone.now()
    user = User.objects.filter(email=person.email).first()
    if user is None:
        user = _register(person, now=moment)
    return Member(user=user, party=Party.objects.get(subject=user.subject_id))


def _register(person: Person, *, now: datetime) -> User:
    yes = [_yes("account", now=now)]
    user = onboarding.register(email=person.email, password=None, language="zh-hans", now=now, answers=yes, staff=bool(person.role))
    user.password = _hashed()
    user.save(update_fields=["password"])
    EmailAddress.objects.create(user=user, email=person.email, primary=True, verified=True)
    party = Party.objects.get(subject=user.subject_id)
    if person.role:
        for role in filter(None, (person.role, person.also)):
            _make_staff(user, role)
        return user
    parties.choose_sides(party, borrows=person.borrows, invests=person.invests, by=user, now=now)
    check = identity.submit(
        party=party, document="resident_id", legal_name=person.legal_name, number=person.number, by=user, now=now, answers=[_yes("identity", now=now)]
    )
    identity.verify(check, legal_name=person.legal_name, now=now)
    return user


@cache
def _hashed() -> str:
    """Of the password they share and everybody may read: worked out once for all of them."""
    return make_password(PASSWORD)


def _yes(purpose: str, *, now: datetime) -> Answer:
    """A yes to the current notice; the notices are published first where nobody has done so."""
    if not Notice.objects.filter(code=purpose, locale="zh-hans", published_at__isnull=False).exists():
        notices.publish_all(now=now)
    return Answer("given", purpose, notices.current(purpose, "zh-hans"))


def _make_staff(user: User, role: str) -> None:
    if not Group.objects.filter(name=role).exists():
        roles.ensure()
    user.groups.add(Group.objects.get(name=role))
    if not Authenticator.objects.filter(user=user).exists():
        with adapter.secrets_of(user):
            TOTP.activate(user, TOTP_SECRET)


alice: Callable[..., Member] = partial(make, "alice")
bob: Callable[..., Member] = partial(make, "bob")
carol: Callable[..., Member] = partial(make, "carol")
dan: Callable[..., Member] = partial(make, "dan")
eve: Callable[..., Member] = partial(make, "eve")
fay: Callable[..., Member] = partial(make, "fay")
grace: Callable[..., Member] = partial(make, "grace")
