"""A hundred thousand open loans, each with its borrower's file, consents and contract: one real one, copied inside the database."""

from __future__ import annotations

from itertools import islice

from django.db import connection

from benchmarks import crowd
from marketplace import search_index
from marketplace.models import Listing, ListingWords, SearchKey

TITLES = ("A second oven", "面包店的第二台烤炉", "A van for a florist", "小餐馆换新冷柜", "Solar panels for a farm")
BATCH = 5_000
MATTER = "md5('bench' || {i})::uuid"
KEY = "1000000 + {i}"
CHAIN: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("privacy_matter", "id = %(matter)s", {"id": MATTER}),
    ("privacy_consent", "matter_id = %(matter)s", {"id": "1000000 + {i} * 100 + src.id", "matter_id": MATTER, "receipt_id": "'RB' || {i} || 'x' || src.id"}),
    ("loans_borrowerfile", "id = %(file)s", {"matter_id": MATTER, "reference": "'BF-' || lpad({i}::text, 8, '0')"}),
    ("loans_application", "id = %(application)s", {"file_id": KEY, "reference": "'AP-' || lpad({i}::text, 8, '0')"}),
    ("loans_offer", "id = %(offer)s", {"application_id": KEY, "reference": "'OF-' || lpad({i}::text, 8, '0')"}),
    ("loans_agreement", "id = %(agreement)s", {"offer_id": KEY, "reference": "'AG-' || lpad({i}::text, 8, '0')"}),
    ("loans_loan", "id = %(loan)s", {"agreement_id": KEY, "file_id": KEY, "reference": "'LN-' || lpad({i}::text, 8, '0')"}),
    (
        "marketplace_listing",
        "id = %(listing)s",
        {
            "loan_id": KEY,
            "reference": "'XQ-' || lpad({i}::text, 8, '0')",
            "grade": "substr('ABCDE', 1 + {i} %% 5, 1)",
            "term_months": "(ARRAY[6, 9, 12, 18, 24, 36])[1 + {i} %% 6]",
            "annual_rate": "0.05 + ({i} %% 97) / 1000.0",
            "funded": "({i} %% 90) * src.target / 10000 * 100",
            "closes_at": "now() + interval '1 day' + {i} * interval '1 second'",
            "opens_at": "now() - {i} * interval '1 second'",
        },
    ),
)


def copies(count: int) -> None:
    """`count` more open listings like the one that is there. Triggers and foreign keys rest meanwhile; the words are then made by the product's own."""
    source = Listing.objects.select_related("loan__agreement__offer__application", "loan__file").get()
    loan = source.loan
    ids = {"listing": source.pk, "loan": loan.pk, "file": loan.file_id, "matter": loan.file.matter_id, "agreement": loan.agreement_id}
    ids |= {"offer": loan.agreement.offer_id, "application": loan.agreement.offer.application_id}
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for table, which, changed in CHAIN:
            _copy(cursor, table, which, {"id": KEY, **changed}, {**ids, "count": count})
        cursor.execute("SET session_replication_role = origin")
        _say_something(source)
        cursor.execute("VACUUM ANALYZE")


def _say_something(source: Listing) -> None:
    """A title of its own for each, sealed, and the numbers it is found by."""
    copied = Listing.objects.exclude(pk=source.pk).select_related("loan__file").defer("disclosed").order_by("pk").iterator(chunk_size=BATCH)
    while page := list(islice(copied, BATCH)):
        for listing in page:
            listing.title = f"{TITLES[listing.pk % 5]} {listing.pk}"
            listing.story, listing.disclosed = source.story, source.disclosed
        _written(page)


def _written(page: list[Listing]) -> None:
    key = SearchKey.objects.get(ended_at=None)
    for field in ("title", "story"):
        for listing in page:
            Listing._meta.get_field(field).pre_save(listing, False)
    sealed = [(listing.pk, listing.__dict__["title"].ciphertext, listing.__dict__["story"].ciphertext) for listing in page]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE marketplace_listing SET title = new.title, story = new.story"
            " FROM unnest(%s::bigint[], %s::bytea[], %s::bytea[]) new (id, title, story) WHERE marketplace_listing.id = new.id",
            [list(column) for column in zip(*sealed, strict=True)],
        )
    ListingWords.objects.bulk_create(search_index.numbered(listing, key) for listing in page)


def _copy(cursor: object, table: str, which: str, changed: dict[str, str], values: dict[str, object]) -> None:
    cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position", [table])  # type: ignore[attr-defined]
    names = [name for (name,) in cursor.fetchall()]  # type: ignore[attr-defined]
    changed = {"row_id": f"md5('{table}' || {{i}})::uuid", **changed}
    chosen = ", ".join(changed[name].format(i="i") if name in changed else f"src.{name}" for name in names)
    cursor.execute(f"INSERT INTO {table} ({', '.join(names)}) SELECT {chosen} FROM {table} src, generate_series(1, %(count)s) i WHERE {which}", values)  # type: ignore[attr-defined]


__all__ = ["copies", "crowd"]
