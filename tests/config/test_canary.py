"""A crawl of everything as everybody: no canary turns up where the tables do not allow it; and each net is shown to catch one let out on purpose."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.contrib import admin
from django.contrib.staticfiles import finders
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpResponse
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models import Job
from loans import circle, typeset
from loans.models import Application, BorrowerFile
from loans.words import FIELD_LABELS
from privacy.models import Matter
from tests.config.canary import marks, outside
from tests.config.canary.crawl import API, AT_DESK, DESK, MODELS, MORE, MORE_DESK, PAGES, Crawl, Lines, files_on_disk
from tests.config.canary.people import Marked
from tests.config.matrix.knocking import address
from tests.counts import SOAK, cases
from tests.privacy.circle_world import Reader

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def lines() -> Iterator[list[str]]:
    """What is logged from the making of the world on."""
    handler = Lines()
    logging.getLogger().addHandler(handler)
    yield handler.lines
    logging.getLogger().removeHandler(handler)


@pytest.fixture(scope="module")
def crawl(lines: list[str], django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawl]:
    configured.SANDBOX_BANK_ALIAS = "default"
    with (
        django_db_blocker.unblock(),
        override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")),
        transaction.atomic(),
        pytest.MonkeyPatch.context() as patch,
    ):
        yield Crawl(Marked(patch))
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def nobody_is_told_to_wait() -> Iterator[None]:
    with override_settings(API_PACES=dict.fromkeys(configured.API_PACES, (10**9, 10**6)), ACCOUNT_RATE_LIMITS=False):
        yield


@pytest.fixture
def undone(crawl: Crawl) -> Iterator[None]:
    """What a test writes is taken back."""
    mark = transaction.savepoint()
    yield
    transaction.savepoint_rollback(mark)


@pytest.fixture
def alices_file(crawl: Crawl) -> BorrowerFile:
    return BorrowerFile.objects.get(pk=crawl.world.draft.file_id)


def plain(file: BorrowerFile, field: str) -> str:
    return str(marks.opened(file, BorrowerFile._meta.get_field(field)))  # type: ignore[arg-type]


def test_every_sealed_field_is_somebodys_canary(crawl: Crawl) -> None:
    planted = {label for canary in crawl.canaries for label in canary.labels}
    assert marks.expected() - planted == set(), "a field without a canary is a field nobody watches: plant one in canary/people.py"
    assert marks.composed() == marks.COMPOSED, "a sealed field that is no text: say in canary/marks.py of what it is made"
    assert set(MODELS) == {model._meta.label_lower for model in admin.site._registry}


@pytest.mark.soak
def test_no_canary_is_where_the_tables_do_not_allow_it(crawl: Crawl, record_property: Callable[..., None]) -> None:
    for row in (*PAGES, *API, *MORE):
        crawl.visit(row)
    for row in (*DESK, *MORE_DESK):
        crawl.visit(row, ("alice", "dan", *AT_DESK) if SOAK else ("dan", *AT_DESK))
    for label in MODELS:
        crawl.desk_of(label)
    record_property("answers searched for canaries", crawl.answers)
    record_property("canaries", len(crawl.canaries))
    assert not crawl.leaks, "\n" + "\n".join(sorted(set(crawl.leaks)))


@pytest.mark.soak
@pytest.mark.usefixtures("undone")
@pytest.mark.parametrize("who", ["bob", "carol", "grace"] if SOAK else ["bob"])
def test_invariant_1_nobody_else_can_count_the_contacts(crawl: Crawl, who: str) -> None:
    """With one contact more, every page of an investor and of another borrower stays as it was."""
    before = crawl.pages_of(who)
    alice = crawl.world.members["alice"].user
    made = circle.invite(crawl.world.draft, relationship="friend", scopes=["reference"], by=alice, locale="en", now=timezone.now())
    assert Reader(number="13688880000").accept(made.token, name="司马一心") is not None
    after = crawl.pages_of(who)
    assert {page for page in before if before[page] != after[page]} == set()


loan_facts = st.fixed_dictionaries(
    {
        "amount": st.integers(500_000, 50_000_000),
        "term_months": st.sampled_from([6, 9, 12, 18, 24]),
        "title": st.sampled_from(["A tractor", "开分店"]),
        "purpose": st.sampled_from(["vehicle", "education"]),
    }
)


@pytest.mark.soak
def test_invariant_2_a_contact_reads_nothing_of_the_loan(crawl: Crawl) -> None:
    """Whatever is asked for and answered in the application in which she is named, every page that Hana gets stays as it was."""
    draft = Application.objects.get(pk=crawl.world.draft.pk)

    @given(loan_facts, st.integers(0, 10**9))
    @settings(max_examples=cases(3, soak=50), deadline=None)
    def whatever_it_is(facts: dict[str, Any], income: int) -> None:
        mark = transaction.savepoint()
        for field, value in facts.items():
            setattr(draft, field, value)
        draft.save(update_fields=list(facts))
        file = BorrowerFile.objects.get(pk=draft.file_id)
        file.income_monthly = file.debt_total = str(income)
        file.save(update_fields=["income_monthly", "debt_total"])
        after = crawl.pages_of("hana", ("circle:",))
        transaction.savepoint_rollback(mark)
        assert {page for page in before if before[page] != after[page]} == set()

    before = crawl.pages_of("hana", ("circle:",))
    assert sum(page.startswith("200") for page in before.values()) >= 5
    whatever_it_is()


def test_invariant_27_no_page_asks_a_third_party_for_anything(crawl: Crawl) -> None:
    """Every page of the crawl, and the style sheets they load."""
    for row in (row for row in PAGES if row.thing == "-"):
        crawl.look("bob", row.name, "GET", address(row, {}))
    assert crawl.outside == set()
    sheets = [Path(found) for found in map(finders.find, ("xinqiao.css", "admin.css")) if found]
    assert len(sheets) == 2
    assert not [each for sheet in sheets for each in outside.IN_STYLE.findall(sheet.read_text()) if outside.foreign(each)]


@pytest.mark.parametrize(
    "page",
    [
        '<script src="//cdn.example/x.js"></script>',
        '<img srcset="/a.png 1x, https://cdn.example/a.png 2x">',
        '<form action="https://collect.example/">',
        "<style>@import 'https://fonts.example/a.css'; </style>",
        '<p style="background: url(https://pixel.example/1)">',
        '<a href="/" ping="https://count.example/">',
    ],
)
def test_a_page_that_asks_a_third_party_is_caught(page: str) -> None:
    answer = HttpResponse(page)
    assert len(outside.of(answer)) == 2, "the address, and the missing policy"


def test_no_letter_tells_of_anybody_but_its_reader(crawl: Crawl) -> None:
    assert len(crawl.world.letters) > 10
    assert not [(letter.subject, found) for letter in crawl.world.letters if (found := crawl.strangers_in(letter))]


def test_jobs_and_what_is_said_to_workers_carry_only_numbers(crawl: Crawl) -> None:
    jobs = list(Job.objects.values())
    assert len(jobs) > 100
    assert not crawl.caught(json.dumps(jobs, default=str, ensure_ascii=False))


def test_a_dump_of_the_database_tells_of_nobody(crawl: Crawl) -> None:
    assert crawl.in_the_dump() == set()


def test_no_file_on_disk_tells_of_anybody(crawl: Crawl) -> None:
    assert len(files_on_disk()) > 10
    for file in files_on_disk():
        assert not crawl.caught(f"{file.name} {file.read_bytes().decode(errors='replace')}"), file


@pytest.mark.parametrize(
    ("who", "name", "thing"),
    [
        ("bob", "marketplace:listing", "listing"),
        ("alice", "loans:application", "draft"),
        ("hana", "circle:passport", "-"),
        ("dan", "admin:loans_application_file", "application"),
        ("bob", "api:listing", "listing"),
    ],
)
def test_an_error_page_and_its_log_line_say_nothing_of_what_failed(
    crawl: Crawl, lines: list[str], monkeypatch: pytest.MonkeyPatch, who: str, name: str, thing: str
) -> None:
    """Whatever breaks, and whatever its exception quotes."""
    everything = " ".join(canary.text for canary in crawl.canaries)

    def broken(*args: Any, **more: Any) -> str:
        raise ValueError(everything) from RuntimeError(everything)

    before = len(lines)
    monkeypatch.setattr("privacy.disclosure.AccessLog.objects.bulk_create", broken)
    args = crawl.world.things[thing].args if thing != "-" else {}
    if name == "loans:application":
        monkeypatch.setattr("django.template.backends.django.Template.render", broken)
    answer = crawl.knock(who, "GET", reverse(name, kwargs=args), {})
    assert answer.status_code == 500
    assert not crawl.net.catch(marks.text_of(answer))
    written = "\n".join(lines[before:])
    assert "ValueError" in written
    assert not crawl.caught(written)


def test_no_log_line_tells_of_anybody(crawl: Crawl, lines: list[str]) -> None:
    """From the making of the world to here, after the crawl where it ran."""
    crawl.look("bob", "marketplace:listing", "GET", reverse("marketplace:listing", args=["XQ-00000000"]))
    assert lines
    assert not crawl.caught("\n".join(lines))


# Each net catches: one field is let out on purpose, by the way it would happen.


@pytest.mark.parametrize("name", ["marketplace:listing", "api:listing"])
def test_a_field_on_a_page_or_in_an_answer_is_caught(crawl: Crawl, alices_file: BorrowerFile, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    phone = plain(alices_file, "phone")
    monkeypatch.setattr("marketplace.presenting.facts", lambda listing: [(str(title), phone) for title in FIELD_LABELS.values()])
    where = reverse(name, kwargs=crawl.world.things["listing"].args)
    found = crawl.look("bob", name, "GET", where)
    assert any("loans.borrowerfile.phone" in leak for leak in found)
    crawl.leaks.clear()


FORMS: dict[str, Callable[[str], HttpResponse]] = {
    "header": lambda text: HttpResponse(headers={"X-Who": json.dumps(text)}),
    "cookie": lambda text: _with_cookie(HttpResponse(), text),
    "escaped": lambda text: HttpResponse("".join(f"&#{ord(letter)};" for letter in text)),
    "json": lambda text: HttpResponse(json.dumps({"x": text})),
    "address": lambda text: HttpResponse(f'<a href="?{marks.quote(text)}">'),
    "pdf": lambda text: HttpResponse(typeset.render({"title": "x", "language": "zh-hans", "footer": "", "blocks": [{"kind": "text", "text": text}]})),
}


def _with_cookie(response: HttpResponse, text: str) -> HttpResponse:
    response.set_cookie("who", json.dumps(text).strip('"'))
    return response


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("field", ["phone", "legal_name", "background", "income_monthly"])
def test_whatever_form_it_takes_it_is_caught(crawl: Crawl, alices_file: BorrowerFile, form: Callable[[str], HttpResponse], field: str) -> None:
    assert any(f"loans.borrowerfile.{field}" in found for found in crawl.caught(marks.text_of(form(plain(alices_file, field)))))


def test_a_letter_to_the_wrong_reader_is_caught(crawl: Crawl, alices_file: BorrowerFile) -> None:
    letter = EmailMessage("News", f"About {plain(alices_file, 'legal_name')}", to=["bob@xinqiao.example"])
    assert crawl.strangers_in(letter)
    letter.to = ["alice@xinqiao.example"]
    assert not crawl.strangers_in(letter)


@pytest.mark.usefixtures("undone")
def test_a_job_a_column_and_a_log_line_are_caught(crawl: Crawl, alices_file: BorrowerFile, lines: list[str]) -> None:
    name, before = plain(alices_file, "legal_name"), len(lines)
    assert crawl.caught(json.dumps({"name": name}, ensure_ascii=False))
    logging.getLogger("xinqiao").warning("lost %s", name)
    assert crawl.caught("\n".join(lines[before:]))
    del lines[before:]
    Matter.objects.filter(pk=alices_file.matter_id).update(reference=name)
    assert any("legal_name" in found for found in crawl.in_the_dump())
