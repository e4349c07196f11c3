"""Numbers of identity documents as people write them."""

from datetime import date

import pytest

from accounts import documents
from accounts.cast import PEOPLE

TODAY = date(2026, 11, 23)
ALICE = PEOPLE["alice"].number
USCC = "91110000600037341L"


def full_width(text: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) for sign in text)


@pytest.mark.parametrize(
    ("document", "text", "number"),
    [
        ("resident_id", ALICE, ALICE),
        ("resident_id", full_width(ALICE), ALICE),
        ("resident_id", f" {ALICE[:6]} {ALICE[6:14]}-{ALICE[14:]} ", ALICE),
        ("resident_id", "11010519491231002x", "11010519491231002X"),
        ("resident_id", full_width("11010519491231002x"), "11010519491231002X"),
        ("uscc", USCC, USCC),
        ("uscc", full_width(USCC.lower()), USCC),
        ("uscc", "9111 0000 6000 3734 1L", USCC),
        ("passport", "e12345678", "E12345678"),
        ("passport", full_width("EA1234567"), "EA1234567"),
    ],
)
def test_right_numbers_are_read_however_they_are_written(document: str, text: str, number: str) -> None:
    assert documents.read(document, text, as_of=TODAY).number == number


@pytest.mark.parametrize(
    ("document", "text", "code"),
    [
        ("resident_id", "", "length"),
        ("resident_id", "330106199104170", "length"),
        ("resident_id", ALICE + "1", "length"),
        ("resident_id", ALICE[:10] + "O" + ALICE[11:], "format"),
        ("resident_id", "一二三四五六七八九十一二三四五六七八", "format"),
        ("resident_id", ALICE[:-1] + ("0" if ALICE[-1] != "0" else "1"), "checksum"),
        ("resident_id", "990106199104170028", "component"),
        ("resident_id", "33010619911317002" + "X", "component"),
        ("resident_id", "'; DROP TABLE x;--", "length"),
        ("resident_id", "9" * 10_000_000, "length"),
        ("uscc", USCC[:-1], "length"),
        ("uscc", USCC[:-1] + "M", "checksum"),
        ("uscc", "9111000060003734IO", "format"),
        ("uscc", "A1110000600037341L", "format"),
        ("passport", "12", "length"),
        ("passport", "ABCDEFGH", "format"),
        ("passport", "E1234567!", "format"),
        ("passport", "护照1234567", "format"),
        ("driving_licence", "1", "unknown_document"),
    ],
)
def test_numbers_that_cannot_be_are_refused_and_say_why(document: str, text: str, code: str) -> None:
    if code == "component":  # give it the check character it would have, so that only the place or date is wrong
        from stdnum.cn import ric

        text = text[:17] + ric.calc_check_digit(text[:17] + "0")
    with pytest.raises(documents.InvalidDocument) as refusal:
        documents.read(document, text, as_of=TODAY)
    assert refusal.value.code == code
    assert not text or text not in str(refusal.value)


def born(day: date) -> str:
    from stdnum.cn import ric

    first = f"330106{day:%Y%m%d}002"
    return first + ric.calc_check_digit(first + "0")


@pytest.mark.parametrize(
    ("birthday", "adult"),
    [(date(2008, 11, 23), True), (date(2008, 11, 24), False), (date(2008, 2, 29), True), (date(2026, 1, 1), False)],
)
def test_the_holder_is_eighteen_on_the_day(birthday: date, adult: bool) -> None:
    if adult:
        assert documents.read("resident_id", born(birthday), as_of=TODAY).birth_date == birthday
    else:
        with pytest.raises(documents.InvalidDocument) as refusal:
            documents.read("resident_id", born(birthday), as_of=TODAY)
        assert refusal.value.code == "minor"


def test_a_leap_day_child_comes_of_age_on_the_first_of_march() -> None:
    assert documents.years_between(date(2008, 2, 29), date(2026, 2, 28)) == 17
    assert documents.years_between(date(2008, 2, 29), date(2026, 3, 1)) == 18


def test_pages_show_the_last_four() -> None:
    assert documents.masked(ALICE) == "•" * 14 + ALICE[-4:]
    assert documents.masked("123") == "123"
    assert repr(documents.read("resident_id", ALICE, as_of=TODAY)) == "<numbered>"
