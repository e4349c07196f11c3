"""Tamper evidence: the installation's signature, and numbered segments over appended rows.

Rows are appended free of locks. A sealer takes what is new, in row order, builds a Merkle root (RFC 6962 style prefixes), chains it to the segment before
and signs it. A segment lists the row numbers it covers, so a row that commits late simply falls into a later segment.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db import connection, models, transaction

from .fields import Sealed
from .models import AccessLog, Consent, ContactDecision, Segment
from .vault import decode_key

GENESIS = "0" * 64
SEGMENT_ROWS = 2000
# A row may commit after a younger one was sealed, but no transaction of ours lives this long.
LATEST_COMMIT = timedelta(hours=1)
STREAMS: dict[str, type[models.Model]] = {"consent": Consent, "access": AccessLog, "decision": ContactDecision}
MOMENTS: dict[str, str] = {}  # the column that says when a row was written, where it is not `at`


@dataclass(frozen=True)
class Finding:
    """One thing wrong in one stream: which segment, and what."""

    stream: str
    number: int | None
    what: str


def register(stream: str, model: type[models.Model], *, moment: str = "at") -> None:
    """An app above has its own append-only rows sealed too."""
    STREAMS[stream] = model
    MOMENTS[stream] = moment


def _private_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(decode_key(settings.SIGNING_KEY, name="SIGNING_KEY"))


def sign(payload: bytes) -> bytes:
    """Ed25519 signature (64 bytes) with the installation's key."""
    return _private_key().sign(payload)


def public_key() -> bytes:
    """The installation's Ed25519 public key, 32 raw bytes."""
    return _private_key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def verify(payload: bytes, signature: bytes | memoryview, *, key: bytes | None = None) -> bool:
    """Whether the signature over the payload is the installation's (or that of the given raw public key)."""
    try:
        Ed25519PublicKey.from_public_bytes(key or public_key()).verify(bytes(signature), payload)
    except (InvalidSignature, ValueError):
        return False
    return True


def canonical(value: Any) -> bytes:
    """JSON bytes that are the same for equal values: sorted keys, no spaces, times in UTC, ids and bytes as text."""
    return json.dumps(value, default=_plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, Sealed):
        return value.ciphertext.hex()
    return str(value)


def leaf(row: dict) -> bytes:
    """Of what the row holds: a column that is empty is left out, so that a new one leaves the seals of older rows whole."""
    return hashlib.sha256(b"\x00" + canonical({name: value for name, value in row.items() if value is not None})).digest()


def merkle_root(leaves: Sequence[bytes]) -> str:
    """Hex root of the leaves in order; an odd one out climbs unchanged."""
    level = list(leaves)
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0].hex()


def _seal_of(*, stream: str, number: int, ranges: list, count: int, root: str, previous: str) -> str:
    return hashlib.sha256(canonical([stream, number, ranges, count, root, previous])).hexdigest()


def _ranges(ids: Sequence[int]) -> list[list[int]]:
    found: list[list[int]] = []
    for pk in ids:
        if found and pk == found[-1][1] + 1:
            found[-1][1] = pk
        else:
            found.append([pk, pk])
    return found


def _covered(segments: Iterable[Segment]) -> list[tuple[int, int]]:
    return sorted((first, last) for segment in segments for first, last in segment.ranges)


def _unsealed(stream: str, *, now: datetime, limit: int) -> list[dict]:
    """Rows in no segment yet, oldest first. Only rows younger than the last long-settled segment can be among them."""
    segments = Segment.objects.filter(stream=stream)
    settled = segments.filter(sealed_at__lt=now - LATEST_COMMIT).order_by("-number").first()
    floor = max((last for _first, last in settled.ranges), default=0) if settled else 0
    recent = _covered(segments.filter(number__gt=settled.number if settled else 0))
    rows = STREAMS[stream]._default_manager.filter(pk__gt=floor)
    for first, last in recent:
        rows = rows.exclude(pk__range=(first, last))
    return list(rows.order_by("pk").values()[:limit])


def seal_segments(*, now: datetime, limit: int = SEGMENT_ROWS) -> int:
    """Seal what is new in every stream, one segment each; how many rows were sealed. One sealer at a time, writers never wait."""
    return sum(_seal_stream(stream, now=now, limit=limit) for stream in STREAMS)


def _seal_stream(stream: str, *, now: datetime, limit: int) -> int:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"privacy.seal.{stream}"])
        rows = _unsealed(stream, now=now, limit=limit)
        if not rows:
            return 0
        last = Segment.objects.filter(stream=stream).order_by("-number").first()
        body = {
            "stream": stream,
            "number": last.number + 1 if last else 1,
            "ranges": _ranges([row["id"] for row in rows]),
            "count": len(rows),
            "root": merkle_root([leaf(row) for row in rows]),
            "previous": last.seal if last else GENESIS,
        }
        seal = _seal_of(**body)  # type: ignore[arg-type]
        Segment.objects.create(**body, seal=seal, signature=sign(seal.encode()), sealed_at=now)
        return len(rows)


def check_segments(*, now: datetime) -> list[Finding]:
    """Everything wrong with the sealed records; empty when nothing was changed, removed, put in late or re-chained."""
    return [finding for stream in STREAMS for finding in _check_stream(stream, now=now)]


def _check_stream(stream: str, *, now: datetime) -> Iterator[Finding]:
    previous, number = GENESIS, 0
    for segment in Segment.objects.filter(stream=stream).order_by("number").iterator(chunk_size=200):
        number += 1
        if segment.number != number:
            yield Finding(stream, segment.number, "a segment before this one is missing")
            number = segment.number
        yield from (Finding(stream, segment.number, what) for what in _check_segment(segment, previous=previous))
        previous = segment.seal
    late = _unsealed_before(stream, now=now)
    if late:
        yield Finding(stream, None, f"{late} rows older than {LATEST_COMMIT} are in no segment")


def _check_segment(segment: Segment, *, previous: str) -> Iterator[str]:
    if segment.previous != previous:
        yield "it does not follow the segment before it"
    body = {name: getattr(segment, name) for name in ("stream", "number", "ranges", "count", "root", "previous")}
    if _seal_of(**body) != segment.seal or not verify(segment.seal.encode(), segment.signature):
        yield "its own seal is broken"
    present = {row["id"]: leaf(row) for row in _rows_of(segment)}
    sealed: dict[int, bytes] = {}
    emptied: dict[int, bytes] = {}
    for rolled in segment.rolled_up.order_by("pk"):
        if not verify(rolled_payload(segment, rolled.leaves, rule=rolled.rule, at=rolled.at, emptied=rolled.emptied), rolled.signature):
            yield "a roll-up is not ours"
        sealed = _by_row(rolled.leaves) | sealed  # what a row was when it was sealed is what was said of it first
        emptied |= _by_row(rolled.emptied)
    leaves = present | sealed
    if len(leaves) != segment.count:
        yield f"{segment.count - len(leaves)} rows are missing"
    elif merkle_root([leaves[pk] for pk in sorted(leaves)]) != segment.root or any(present[pk] != emptied.get(pk) for pk in sealed.keys() & present):
        yield "a row was changed"


def _by_row(leaves: dict[str, str]) -> dict[int, bytes]:
    return {int(pk): bytes.fromhex(text) for pk, text in leaves.items()}


def rolled_payload(segment: Segment, leaves: dict[str, str], *, rule: str, at: datetime, emptied: dict[str, str] | None = None) -> bytes:
    """What is signed when rows under a retention rule are taken out of a sealed segment and only their hashes stay (rollup.py); or when
    they stay and lose their words (emptying.py): `emptied` are their hashes afterwards."""
    return canonical([segment.stream, segment.number, leaves, rule, at, *([emptied] if emptied else [])])


def _rows_of(segment: Segment) -> list[dict]:
    covered = models.Q()
    for first, last in segment.ranges:
        covered |= models.Q(pk__range=(first, last))
    return list(STREAMS[segment.stream]._default_manager.filter(covered).order_by("pk").values())


def _unsealed_before(stream: str, *, now: datetime) -> int:
    rows = STREAMS[stream]._default_manager.filter(**{f"{MOMENTS.get(stream, 'at')}__lt": now - LATEST_COMMIT}).order_by("pk").values_list("pk", flat=True)
    ranges = iter(_covered(Segment.objects.filter(stream=stream)))
    first, last, missing = 0, 0, 0
    for pk in rows.iterator():
        while pk > last:
            nxt = next(ranges, None)
            if nxt is None:
                break
            first, last = nxt
        missing += not first <= pk <= last
    return missing


def unsealed_tail(stream: str, *, now: datetime) -> int:
    """How many rows of the stream wait for the next segment; shown beside the last seal."""
    return len(_unsealed(stream, now=now, limit=SEGMENT_ROWS * 5))
