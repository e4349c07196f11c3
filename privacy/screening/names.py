"""Names of people: with a title, after a word that introduces one, and by themselves where surname and given name are usual ones.

Chinese is not cut into words here. A surname counts with characters that given names are made of, and not where the same characters are a common word
(words.json); what is missed after that is what a name and a word share.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from privacy.screening.finding import NAME, Finding
from privacy.screening.reading import Reading

_HAN = r"[\u3400-\u9fff]"


@cache
def words() -> dict[str, list[str]]:
    """Surnames, characters of given names, titles, introductions, and what only looks like a name."""
    raw = json.loads((Path(__file__).parent / "words.json").read_text(encoding="utf-8"))
    return {name: text.split() for name, text in raw.items()}


def _any(name: str) -> str:
    return "|".join(sorted(map(re.escape, words()[name]), key=len, reverse=True))


@cache
def patterns() -> tuple[re.Pattern[str], ...]:
    """A group `name` is the name; without one, the whole match is."""
    surname, given = rf"(?:{_any('compound_surnames')}|[{''.join(words()['surnames'])}])", f"[{''.join(words()['given'])}]"
    end = rf"(?!{_HAN})|(?=(?:{_any('after')}))"
    begin = rf"(?:(?<!{_HAN})|(?<=[和与跟给找由及向问是叫为请让把对壁]))"
    texts = (
        rf"(?P<name>{surname}(?:(?![和与跟及的是在有为、]){_HAN}){{0,2}}?)(?:{_any('titles')})",
        rf"(?:{_any('introductions')})\s*[:：是叫]?\s*(?P<name>{surname}{_HAN}{{1,2}}?)(?:{end})",
        rf"(?:{_any('relatives')})\s*[:：是叫]?\s*(?P<name>{surname}{given}{{1,2}})",
        rf"(?P<name>(?:{_any('compound_surnames')}){_HAN}{{1,2}}?)(?:{end})",
        rf"姓(?P<name>{surname}[,，、\s]*名叫?{_HAN}{{1,2}})",
        rf"(?:{_any('introductions')}|{_any('relatives')})(?:名叫|叫)(?P<name>[小阿老]?{given}{{1,2}})(?:{end})",
        rf"(?:弟弟|妹妹|哥哥|姐姐|儿子|女儿|老公|老婆|丈夫|爱人)(?P<name>{given}{{2}})(?:{end})",
        rf"{begin}(?P<name>{surname}{given}{{1,2}})(?:{end})",
        rf"{begin}(?P<name>{surname}{given}{given})",
        rf"{begin}(?P<name>[老小阿][{''.join(words()['frequent_surnames'])}])(?:{end})",
    )
    return tuple(re.compile(text) for text in texts)


@cache
def latin() -> tuple[re.Pattern[str], ...]:
    word, given = r"[A-ZÀ-Ý][a-zß-ÿ’'-]+", _any("latin_given")
    syllable = _any("pinyin")
    return (
        re.compile(r"\b(?:MR|MRS|MS|DR)\b\.?\s+(?P<name>[A-Z]{3,})\b"),
        re.compile(rf"(?i:\bname)\s*[:：]\s*(?P<name>{word}(?:\s+{word})?)"),
        re.compile(rf"(?i:\b(?:mein name ist|ich heiße|je m['’]appelle|me llamo|mi nombre es|nama saya|jina langu ni))\s+(?P<name>{word}(?:\s+{word})?)"),
        re.compile(rf"(?i:\b(?:owner|manager|founder|chef|director|boss|partner)),\s+(?P<name>{word})\b"),
        re.compile(rf"(?i:\b(?:call|ring|phone|text|ask))\s+(?P<name>(?:{given}))\b"),
        re.compile(rf"\b(?P<name>{word})\s+(?:and|&)\s+(?i:sons?|daughters?|brothers)\b"),
        re.compile(rf"\b(?P<name>(?:Nguyen|Tran|Pham|Hoang|Bui|Dang)\s+{word}(?:\s+{word})?)"),
        re.compile(r"\b(?P<name>O['’][A-Z][a-z]{2,})"),
        re.compile(rf"\b(?:Mr|Mrs|Ms|Miss|Mme|Dr|Prof|Sir|Madam|Auntie|Aunt|Uncle)\b\.?\s+(?P<name>{word}(?:\s+{word})?)"),
        re.compile(rf"(?i:\b(?:my name is|call me|named|called|known as|ask for|contact))\s+(?P<name>{word}(?:\s+{word})?)"),
        re.compile(rf"(?i:\bmy (?:late |older |younger |elder )?(?:{_any('latin_relatives')})),?\s+(?P<name>{word}(?:\s+{word})?)"),
        re.compile(rf"\b(?P<name>(?:{given})(?:\s+[A-Z]\.)?\s+{word})\b"),
        re.compile(rf"\b(?i:I am|I’m|I'm|this is)\s+(?P<name>(?:{given}))\b"),
        re.compile(rf"\b(?P<name>(?:{_any('pinyin_surnames')})\s+(?i:(?:{syllable})(?:[-’']?(?:{syllable}))?))(?![A-Za-z])"),
        re.compile(rf"\b(?P<name>(?i:(?:{syllable})(?:[-’']?(?:{syllable}))?)\s+(?:{_any('pinyin_surnames')}))(?![A-Za-z])(?<=[a-z])"),
    )


def find(reading: Reading) -> Iterator[Finding]:
    seems = tuple(words()["not_names"])
    for pattern in patterns():
        for found in _each(pattern, reading.plain):
            if not found[0].startswith(seems) and not found["name"].startswith(seems):
                yield reading.finding(NAME, found.start("name"), found.end())
    for pattern in latin():
        for found in _each(pattern, reading.plain):
            if found["name"].split()[0].lower() not in ENGLISH:
                yield reading.finding(NAME, found.start("name"), found.end("name"))


def _each(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Matches from every place: what turns out to be a word must not hide the name that begins inside it."""
    found = pattern.search(text)
    while found:
        yield found
        found = pattern.search(text, found.start() + 1)


# Words that a sentence may begin with, or a place, before a capital: no given names.
ENGLISH = {"the", "our", "we", "my", "an", "in", "on", "new", "for", "we’ll", "he", "she", "can", "long", "men"}
