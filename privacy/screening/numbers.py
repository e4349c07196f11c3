"""Telephone, identity, card and account numbers, however they are written; amounts, dates and years are none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from privacy.screening.finding import ACCOUNT, NUMBER, Finding
from privacy.screening.reading import Reading

HAN = dict(zip("零〇一二三四五六七八九", "00123456789", strict=True)) | dict(zip("壹贰叁肆伍陆柒捌玖幺两", "12345678912", strict=True))
LATIN = {"zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "oh": "0"}
_GAP = r"[\s\-‐-―−.·•,，、_/\\()（）\[\]【】*~～:：+|]{0,3}"
_DIGIT = rf"(?:\d|[{''.join(HAN)}]|(?<![a-z])(?:{'|'.join(LATIN)})(?![a-z]))"
_RUN = re.compile(rf"{_DIGIT}(?:{_GAP}{_DIGIT})+[xX]?", re.IGNORECASE)
_ONE = re.compile(_DIGIT, re.IGNORECASE)
_LOOKALIKE = re.compile(r"(?<![A-Za-z0-9])(?=(?:[OoIl]*\d){4})[\dOoIl]{11}(?![A-Za-z0-9])")
# (also the number of a standard with its year)
# What a run of digits may be: mobile and fixed lines of China, service lines, the resident number, other countries' numbers with their prefix.
_SHAPES = re.compile(r"(?:(?:00)?86)?1[3-9]\d{9}|(?:(?:00)?86)?0?[2-9]\d{1,2}\d{7,8}|[48]00\d{7}|\d{17}[\dXx]|0\d{8,11}|00\d{9,13}")
_YEARS = re.compile(r"(?:19|20)\d\d(?:\D+(?:19|20)\d\d)*\D*")
_DATE = re.compile(r"\d{3,6}-(?:19|20)\d\d|(?:19|20)\d\d\D{1,3}\d{1,2}(?:\D{1,3}\d{1,2})?\D*")
_AMOUNT = re.compile(r"\d{1,3}(?:[,，]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_MONEY_BEFORE = re.compile(r"(?:[¥$€£]|cny|rmb|usd|yuan|人民币|金额|共|约)\s*$", re.IGNORECASE)
_MONEY_AFTER = re.compile(r"\s*(?:元|万|亿|块|角|分|美元|yuan|rmb|cny|usd|%|％)", re.IGNORECASE)
_PLATE = re.compile(r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z]\s?[·•]?\s?[A-Z0-9]{5,6}(?![A-Za-z0-9])")
_TOP = r"(?:com|cn|net|org|io|me|edu|gov|info|biz|co|uk|de|fr|in|id|ke|ph|hk|tw|jp|example)"
_MAIL = re.compile(
    rf"[\w.+%-]+\s*(?:@|\(at\)|\[at\]|\{{at\}}|\sat\s|艾特)\s*[\w-]+(?:\s*(?:\.|。|\sdot\s|\(dot\)|\[dot\]|点)\s*[\w-]+)*?"
    rf"\s*(?:\.|\sdot\s|\(dot\)|\[dot\]|点)\s*{_TOP}(?![a-z])",
    re.IGNORECASE,
)
_WEB = re.compile(r"https?://\S+|www\.\S+|\b[a-z0-9-]{2,}\.(?:com|cn|net|org|io|me|top|vip|shop|xyz|co)\b(?:/\S*)?", re.IGNORECASE)
_CHAT = re.compile(
    r"(?:(?:微信|薇信|威信|v\s?信|vx|wx|wechat|weixin|qq|扣扣|企鹅|抖音|快手|小红书|钉钉|telegram|whatsapp|skype|instagram|twitter|facebook)"
    r"(?:号|群|\s?id)?\s*(?:是|为|:|：|=|\sis\s|\s|@)|(?<![a-z])(?:line|tg|ig|fb)(?:\s?id)?\s*[:：=@])\s*@?[a-z0-9_.-]{4,}",
    re.IGNORECASE,
)
_HANDLE = re.compile(
    rf"(?<![\w.])@[a-z][a-z0-9_.]{{3,}}|\bt\.me/\S+|邮箱(?:是|为|[:：=\s])*[a-z0-9][a-z0-9_.-]{{4,}}|(?<![a-z])v[^\w\s]{{0,3}}\s*[:：]\s*[a-z][a-z0-9_.-]{{4,}}"
    rf"|[a-z0-9-]{{2,}}\s*(?:点|\sdot\s|\(dot\))\s*{_TOP}(?![a-z])|(?:小红书|抖音|快手|微博|微信)(?:号|账号)?\s*[:：@]\s*[\u3400-\u9fff]{{2,12}}",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"\s*(?:pieces|units|pcs|loaves|bags|boxes|tons?|orders|kg|items|件|个|只|台|套|公斤|斤|吨|袋|箱|单|人次)", re.IGNORECASE)
LONG = 7  # digits in a row that are no amount


@dataclass(frozen=True)
class Run:
    """Digits that stand together, as digits, and where."""

    digits: str
    start: int
    end: int
    written: str


def find(reading: Reading) -> Iterator[Finding]:
    for run in runs(reading.plain):
        if _is_number(run, reading.plain):
            yield reading.finding(NUMBER, run.start, run.end)
    for found in _LOOKALIKE.finditer(reading.plain):
        if _SHAPES.fullmatch(found[0].translate(str.maketrans("OoIl", "0011"))):
            yield reading.finding(NUMBER, found.start(), found.end())
    for kind, pattern in ((NUMBER, _PLATE), (ACCOUNT, _MAIL), (ACCOUNT, _WEB), (ACCOUNT, _CHAT), (ACCOUNT, _HANDLE)):
        yield from (reading.finding(kind, found.start(), found.end()) for found in pattern.finditer(reading.plain))


def runs(plain: str) -> Iterator[Run]:
    """Digits in figures or words, with nothing but signs between them."""
    for found in _RUN.finditer(plain):
        digits = "".join(_digit(one[0]) for one in _ONE.finditer(found[0]))
        tail = "X" if found[0][-1] in "xX" else ""
        yield Run(digits + tail, found.start(), found.end(), found[0])


def _digit(written: str) -> str:
    return HAN.get(written) or LATIN.get(written.lower()) or written


def _is_number(run: Run, plain: str) -> bool:
    if len(run.digits) < LONG or _YEARS.fullmatch(run.written) or _DATE.fullmatch(run.written):
        return False
    before = plain[max(0, run.start - 8) : run.start]
    if _AMOUNT.fullmatch(run.written.strip()) and (_MONEY_BEFORE.search(before) or _MONEY_AFTER.match(plain, run.end) or "," in run.written):
        return False
    if run.written.isdecimal() and not _SHAPES.fullmatch(run.digits) and _COUNTED.match(plain, run.end):
        return False
    if _SHAPES.fullmatch(run.digits) or plain[: run.start].endswith("+"):
        return True
    return _in_a_row(run.written) or (13 <= len(run.digits) <= 19 and _luhn(run.digits))


def _in_a_row(written: str) -> bool:
    """Seven or more digits without a break, in figures or in Chinese."""
    return re.search(rf"(?:\d|[{''.join(HAN)}]){{{LONG},}}", written) is not None or len(_ONE.findall(re.sub(r"\d", "", written))) >= LONG


def _luhn(digits: str) -> bool:
    if not digits.isdecimal():
        return False
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
