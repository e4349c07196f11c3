import pytest
from django import forms
from django.utils import translation

from core.forms import IdField, MoneyField, WordsField, normalize_digits


class PledgeForm(forms.Form):
    amount = MoneyField(currency="CNY", min_value=10000, max_value=5_000_000)
    number = IdField(required=False)


def amount(text):
    form = PledgeForm({"amount": text})
    form.is_valid()
    return form.cleaned_data.get("amount"), [error.code for error in form.errors.as_data().get("amount", [])]


@pytest.mark.parametrize("text", ["1200.50", "１２００．５０", "1,200.5", "￥１，２００．５０", "1200.50元"])
def test_amounts_as_people_type_them(text):
    assert amount(text) == (120050, [])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "required"),
        ("   ", "required"),
        ("twelve", "not_a_number"),
        ("12o0", "not_a_number"),
        ("-100", "negative"),
        ("100.001", "decimals"),
        ("99.99", "min_value"),
        ("50000.01", "max_value"),
        ("9" * 40, "too_large"),
        ("9" * 10_000_000, "too_large"),
        ("x" * 10_000_000, "not_a_number"),
    ],
)
def test_wrong_amounts_say_what_is_wrong(text, code):
    assert amount(text) == (None, [code])


def test_a_limit_is_named_in_the_message():
    form = PledgeForm({"amount": "1"})
    with translation.override("en"):
        assert form.errors["amount"] == ["Enter at least ¥100.00."]


def test_an_amount_is_shown_in_yuan_and_what_was_typed_is_shown_again():
    assert 'value="1200.50"' in str(PledgeForm(initial={"amount": 120050})["amount"])
    assert 'value="１２oo"' in str(PledgeForm({"amount": "１２oo"})["amount"])
    assert 'inputmode="decimal"' in str(PledgeForm()["amount"])


def test_an_unchanged_amount_is_unchanged():
    assert not PledgeForm({"amount": "1,200.50"}, initial={"amount": 120050}).has_changed()
    assert PledgeForm({"amount": "1,200.51"}, initial={"amount": 120050}).has_changed()


@pytest.mark.parametrize("text", ["11010119900307123x", "１１０１０１１９９００３０７１２３Ｘ", "110101 19900307 123X", "110101-19900307-123x"])
def test_numbers_of_papers_are_brought_to_one_form(text):
    form = PledgeForm({"amount": "100", "number": text})
    assert form.is_valid()
    assert form.cleaned_data["number"] == "11010119900307123X"


def test_full_width_becomes_plain():
    assert normalize_digits("ＡＢ１２　．－") == "AB12 .-"


@pytest.mark.parametrize("text", ["\u202e", "\u200b \u2060", "\x1b[31m", "pays \u202eylbairaV\u202c", "a\u2066b"])
def test_words_that_cannot_be_seen_or_turn_what_is_read_are_no_answer(text):
    with pytest.raises(forms.ValidationError):
        WordsField().clean(text)


@pytest.mark.parametrize("text", ["开一家面馆。\r\n第二行\t有表", "👩‍🍳 naïve café", "مخبز", "?"])
def test_words_of_every_script_are_kept_as_typed(text):
    assert WordsField().clean(text) == text
