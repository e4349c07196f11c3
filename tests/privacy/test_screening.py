"""What strangers may not read is found however it is written; what any honest project says is left alone. One line a case: screening_cases.txt."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.screening import ACCOUNT, ADDRESS, NAME, NUMBER, findings, is_clean
from privacy.screening.numbers import HAN

CASES = [
    tuple(part.strip() for part in line.split("|", 1))
    for line in (Path(__file__).parent / "screening_cases.txt").read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("#")
]


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_each_case(kind, text):
    found = findings(text)
    if kind == "clean":
        assert found == []
    else:
        assert kind in {each.kind for each in found}


def test_what_is_found_is_shown_as_it_was_typed():
    text = "Ｃall １３８００１３８０００, 谢谢"
    (found,) = findings(text)
    assert (found.kind, found.text) == (NUMBER, "１３８００１３８０００")
    assert text[found.start : found.end] == found.text


KNOWN = ["林悦", "Yue Lin", "13800138000", "33010619910417002X", "杭州市西湖区古墩路701号", "lin.yue@example.com", "月亮面包"]


@pytest.mark.parametrize(
    "text", ["林 悦的店", "林·悦", "yue   LIN bakes", "yue-lin", "tel 138.0013/8000", "一三八零零一三八零零零", "月亮 面包很好吃", "lin yue @ example com"]
)
def test_what_we_hold_about_the_person_is_found_however_it_is_spaced(text):
    assert not is_clean(text, known=KNOWN)


def test_a_known_name_is_no_part_of_a_word():
    assert is_clean("The annual plan", known=["Anna"])
    assert is_clean("plain words", known=["", "a", "林"])


@given(st.text(max_size=200))
def test_any_text_can_be_searched_and_places_are_right(text):
    for found in findings(text, known=KNOWN):
        assert found.text == text[found.start : found.end] != ""
        assert found.kind in (NAME, NUMBER, ADDRESS, ACCOUNT)


BACK = {digit: letter for letter, digit in HAN.items()}
WRITTEN = (str, lambda digit: chr(0xFF10 + int(digit)), BACK.get, lambda digit: chr(0x0660 + int(digit)))


@given(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.lists(st.sampled_from(WRITTEN), min_size=11, max_size=11),
    st.lists(st.sampled_from(["", "", " ", "-", ".", "　", "\u200b", "、"]), min_size=11, max_size=11),
    st.sampled_from(["", "我的电话是", "call ", "，"]),
)
def test_no_spelling_of_a_mobile_number_passes(number, written, gaps, before):
    spelled = "".join(write(digit) + gap for digit, write, gap in zip(number, written, gaps, strict=True))
    assert not is_clean(f"{before}{spelled}。")
