"""Making persons and affairs: pseudonyms are drawn, never derived from anything about the person."""

import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from . import vault
from .models import DataSubject, Matter

MOODS = """
    amber brave bright brisk calm clear cool coral early even fair fresh gentle glad golden grand green happy keen kind late light lively lucky
    mellow merry mild modest neat noble open patient plain polite proud quick quiet rapid ready rosy round sharp silent silver simple smooth
    soft solid sound spare steady still sunny swift tidy true warm wide wise young
""".split()  # noqa: SIM905 (a list of words reads best as one)
BIRDS = """
    avocet bittern bulbul bunting crane curlew dipper dove duck egret falcon finch goose grebe gull hawk heron hoopoe ibis jay kestrel kite
    lapwing lark loon magpie martin merlin nuthatch oriole osprey owl partridge pelican petrel pheasant pigeon pipit plover quail rail raven
    robin rook shrike siskin snipe sparrow starling stork swallow swan swift teal tern thrush tit wagtail warbler wren
""".split()  # noqa: SIM905 (a list of words reads best as one)


class UnableToName(Exception):
    """No free pseudonym was drawn in many tries: the space is nearly full."""

    code = "no_pseudonym"


def pseudonym() -> str:
    """Such as "calm-heron-4821": readable, random, about nobody."""
    return f"{secrets.choice(MOODS)}-{secrets.choice(BIRDS)}-{secrets.randbelow(9000) + 1000}"


def create(kind: str, *, now: datetime | None = None) -> DataSubject:
    """A new person of that kind (DataSubject.Kind) with their own data key; `now` falls to the database's clock. Raises UnableToName."""
    for _attempt in range(8):
        subject_id = uuid.uuid4()
        key_id, wrapped = vault.new_key(subject_id)
        try:
            with transaction.atomic():
                return DataSubject.objects.create(id=subject_id, pseudonym=pseudonym(), kind=kind, key_id=key_id, wrapped_key=wrapped, created_at=now or Now())
        except IntegrityError as error:
            if "pseudonym" not in str(error):
                raise
    raise UnableToName


def open_matter(*, subject: DataSubject, jurisdictions: Sequence[str], now: datetime, reference: str = "") -> Matter:
    """A new affair of that person, under at least one jurisdiction."""
    return Matter.objects.create(subject=subject, jurisdictions=list(jurisdictions), reference=reference, opened_at=now)


def close_matter(matter: Matter, *, now: datetime) -> None:
    """The affair is over. Safe to repeat; the first moment stays."""
    Matter.objects.filter(pk=matter.pk, closed_at__isnull=True).update(closed_at=now)
    matter.refresh_from_db()
