"""The public calculator: the engine's cents on a page, in the address, as CSV, with errors at the field."""

import csv
import io
from decimal import Decimal

import pytest
from django.test import Client

from core.money import format_amount
from loans.schedule import Terms, build

pytestmark = pytest.mark.django_db

ASKED = {"amount": "１００，０００", "rate": "9.6", "periods": "12", "period": "month", "method": "equal_installment", "other": "equal_principal", "fee": "800"}


def visit(path="/calculator/", language="en", **asked):
    client = Client(headers={"accept-language": language})
    client.cookies["django_language"] = language
    return client.get(path, asked or None)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_row_of_two_methods(language):
    html = visit(language=language, **ASKED).content.decode()
    for method in ("equal_installment", "equal_principal"):
        for row in build(Terms(method=method, principal=10_000_000, annual_rate=Decimal("0.096"), periods=12)).installments:
            assert format_amount(row.total, "CNY") in html
            assert format_amount(row.balance_after, "CNY") in html
    assert "<script>" not in html
    assert f'<th scope="col" class="n">{"No." if language == "en" else "期数"}</th>' in html


def test_a_first_visit_shows_an_example_and_the_address_keeps_what_was_asked():
    assert visit().status_code == 200
    shown = visit(**ASKED)
    assert shown.context["query"]
    assert f"schedule.csv?{shown.context['query']}".replace("&", "&amp;") in shown.content.decode()


def test_csv_has_the_same_cents():
    answered = visit("/calculator/schedule.csv", **ASKED)
    rows = list(csv.DictReader(io.StringIO(answered.content.decode())))
    assert len(rows) == 24
    assert [rows[0]["total"], rows[-1]["balance_after"]] == ["8773.00", "0.00"]
    assert visit("/calculator/schedule.csv", **ASKED | {"rate": "-1"}).status_code == 422


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("amount", "0"),
        ("amount", "-5"),
        ("amount", "lots"),
        ("amount", "9" * 40),
        ("rate", "401"),
        ("rate", "-1"),
        ("rate", "abc"),
        ("periods", "0"),
        ("periods", "601"),
        ("periods", "1.5"),
        ("period", "moon"),
        ("method", ""),
        ("fee", "100000"),
        ("start", "2026-02-30"),
        ("grace", "12"),
    ],
)
def test_bad_input_is_told_at_its_field_and_kept(field, typed):
    answered = visit(**ASKED | {field: typed})
    assert answered.status_code == 422
    assert list(answered.context["form"].errors) == [field]
    assert not answered.context["shown"]
    assert 'value="9.6"' in answered.content.decode() or field == "rate"


def test_days_cannot_be_counted_without_a_day():
    answered = visit(**ASKED | {"day_count": "actual/365"})
    assert list(answered.context["form"].errors) == ["start"]
    assert visit(**ASKED | {"day_count": "actual/365", "start": "2026-01-31"}).status_code == 200


@pytest.mark.parametrize(
    "extreme", [{"rate": "0"}, {"rate": "400"}, {"periods": "1"}, {"periods": "600"}, {"amount": "1", "periods": "600"}, {"start": "9999-06-01"}]
)
def test_extremes_answer(extreme):
    answered = visit(**ASKED | extreme)
    assert answered.status_code in (200, 422)
    assert bool(answered.context["shown"]) == (answered.status_code == 200)
