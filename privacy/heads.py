"""The newest segment of each sealed stream, kept outside the database (KEY_ROOT): whoever holds the database alone cannot cut off its end unseen."""

import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection

from .models import Segment
from .seals import STREAMS, Finding


def _path() -> Path:
    """One file for each database."""
    return Path(settings.KEY_ROOT) / f"heads.{connection.settings_dict['NAME']}.json"


def kept() -> dict[str, list]:
    """{stream: [number, seal]}; none yet in an installation that has sealed nothing."""
    try:
        found: dict[str, list] = json.loads(_path().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found


def keep() -> None:
    """Note where each stream ends now. A number never goes back: of two that write at once, the next round sets it right."""
    before = kept()
    newest = Segment.objects.order_by("stream", "-number").distinct("stream").values_list("stream", "number", "seal")
    after = before | {stream: [number, seal] for stream, number, seal in newest if number >= before.get(stream, [0])[0]}
    if after != before:
        draft = _path().with_name(f"heads.{os.getpid()}.{secrets.token_hex(4)}")
        draft.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.write_text(json.dumps(after), encoding="utf-8")
        draft.replace(_path())


def check() -> Iterator[Finding]:
    """Streams that end before the segment they ended with, or with another one under its number."""
    for stream, (number, seal) in kept().items():
        if stream in STREAMS and not Segment.objects.filter(stream=stream, number=number, seal=seal).exists():
            yield Finding(stream, number, "the end of the stream is missing or another one: cut off, or an older copy of the database")
