"""Alice's affair, and Hana, who is asked to be her contact: what the stories of the circle share."""

import re

from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core import outbox
from privacy import circle, numbers, texts
from privacy.models import Contact

HANA = "138 1234 5678"
HANA_E164 = "+8613812345678"
ALICE_NUMBER = "13987654321"
NAMED_BY = "林悦"


def index(text):
    return numbers.parse(text, jurisdiction="CN").index


def invite(matter, *, now=None, scopes=("reference", "locate", "relay"), relationship="friend"):
    return circle.invite(
        matter=matter, relationship=relationship, scopes=scopes, named_by=NAMED_BY, own_numbers=[index(ALICE_NUMBER)], locale="en", now=now or timezone.now()
    )


class Reader:
    """Somebody with a browser and a telephone, and no account."""

    def __init__(self, number=HANA, language="en"):
        self.number = number
        self.client = Client()
        self.client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        self._key = 0

    def post(self, page, /, *args, follow=False, **data):
        self._key += 1
        return self.client.post(reverse(f"circle:{page}", args=args), {"idempotency_key": f"key-{id(self)}-{self._key}", **data}, follow=follow)

    def get(self, name, *args):
        return self.client.get(reverse(f"circle:{name}", args=args))

    def fill_in(self, token, *, scopes=("reference",), adult="yes", name="花", number=None):
        return self.post("invitation", token, scopes=scopes, adult=adult, name=name, number=number or self.number)

    def code(self):
        """The code on the telephone; None when nothing came."""
        outbox.drain(now=timezone.now())
        received = texts.inbox(index(self.number), now=timezone.now())
        found = re.search(r"\d{6}", received[0].body) if received else None
        return found[0] if found else None

    def confirm(self, code=None):
        return self.post("code", code=code or self.code() or "000000")

    def accept(self, token, **filled):
        self.fill_in(token, **filled)
        self.confirm()
        return Contact.objects.filter(number_index=index(filled.get("number") or self.number)).order_by("-pk").first()

    def open_own_page(self):
        self.post("find", number=self.number)
        return self.confirm()

    def own_page(self):
        return self.get("passport").content.decode()
