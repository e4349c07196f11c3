"""Where somebody lives or works: streets with or without a number, estates, doors, from the city down; province and city by themselves are no address."""

from __future__ import annotations

import re
from collections.abc import Iterator

from privacy.screening.finding import ADDRESS, Finding
from privacy.screening.reading import Reading

_HAN = r"[\u3400-\u9fff]"
_COUNT = r"[0-9一二三四五六七八九十百零〇]+"
_STREET = r"(?:大道|大街|路|街|巷|弄|胡同|道|里|坊)"
_ESTATE = r"(?:小区|花园|公寓|大厦|广场|新村|家园|苑|家属院|商场|写字楼|产业园|工业园|市场)"
_DOOR = r"(?:号楼|号院|号|弄|栋|幢|座|单元|室|层|铺)"
_NO_NAME = re.compile(
    "我们|你们|他们|这个|那个|[一几多两三每各]个|附近|周边|本地|本市|所在|整个|大型|老旧|新建|批发|农贸|国内|国外|许多|很多|不少|服务|覆盖|社区|街边"
)
PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_HAN}{{1,10}}{_STREET}\s*{_COUNT}\s*{_DOOR}",
        rf"{_HAN}{{1,10}}{_ESTATE}{_HAN}{{0,4}}\s*{_COUNT}\s*{_DOOR}",
        rf"(?:\d+|[一二三四五六七八九十]+)\s*(?:号楼|号院|栋|幢|单元)\s*(?:{_COUNT}\s*{_DOOR}?)?",
        r"\d{2,4}\s*(?:室|号房|号铺)",
        rf"{_HAN}{{2,4}}[市州]{_HAN}{{1,6}}[区县旗市]{_HAN}{{1,8}}(?:街道|镇|乡|村|社区|{_STREET})",
        rf"{_HAN}{{1,6}}[区县旗]{_HAN}{{1,6}}(?:街道|镇|乡|村|社区|大道|大街|路|街|巷|胡同)",
        rf"{_HAN}{{1,6}}[镇乡]{_HAN}{{1,6}}村(?:{_COUNT}[组队])?",
        r"邮编\s*[:：]?\s*\d{6}",
    )
)
_NO_ROAD = "".join(rf"(?<!{sign})" for sign in "马公铁道销线思网电一上半沿临大步")
_BUILDING = r"(?:广场|天街|大厦|商场|购物中心|商业中心)"
NAMED = (  # a group `name` must be no common word
    re.compile(rf"(?P<name>{_HAN}{{2,4}})市{_HAN}{{1,4}}?[区县旗]"),
    re.compile(rf"(?:(?<!{_HAN})|(?<=[在于自从]))(?P<name>{_HAN}{{2,3}})县"),
    re.compile(rf"(?P<name>{_HAN}{{1,5}}?){_NO_ROAD}(?:路|街|大道|巷){_HAN}{{0,5}}?(?:路口|街口|口|对面|旁边|隔壁)"),
    re.compile(rf"(?P<name>{_HAN}{{2,6}}?){_BUILDING}\s*(?:[A-Za-z]\s*(?:座|区|馆|栋)\s*\d*|\d+\s*(?:楼|层|室|号|铺))"),
    re.compile(r"(?P<name>北纬|南纬|东经|西经|(?i:\blatitude|\blongitude|\bgps))\s*[:：]?\s*\d{1,3}(?:[.°]\d+)"),
)
_NO_PLACE = re.compile("全市|本市|全县|本县|各区|各县|市区|城市|都市|超市|上市|门市|夜市|菜市|股市|贫困|周边|邻近|农业|示范|重点|生态|所在|我们|多个|几个|该县")
_ROAD = r"(?:street|str|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|way|court|ct|place|pl|square|sq|terrace|close|crescent|alley|highway)"
LATIN = (
    re.compile(rf"\b\d+[a-z]?,?\s+(?:[a-z'’.-]+\s+){{1,4}}{_ROAD}\b\.?", re.IGNORECASE),
    re.compile(r"\b(?:[A-Z][a-z'’]+\s+){1,3}(?:Street|Road|Avenue|Lane|Drive|Boulevard|Square|Terrace|Crescent|Alley)\b"),
    re.compile(r"\b(?:[A-Z][a-z'’]+\s+){1,3}(?:Rd|Ave|Blvd|Ln)\b\.?(?:\s*\d+)?"),
    re.compile(r"\b(?:apt|apartment|flat|unit|suite|room|building|bldg|block|no)\.?\s*#?\d+[a-z]?\b", re.IGNORECASE),
    re.compile(r"\bp\.?\s?o\.?\s*box\s*\d+", re.IGNORECASE),
    re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s+\d[A-Z]{2}\b"),
)


_NAMED_ESTATE = re.compile(rf"(?:(?<!{_HAN})|(?<=住在|位于|家在|店在|开在)|(?<=[在住]))(?P<name>{_HAN}{{2,6}}?)(?:小区|家属院|新村|公寓|花园)")


def find(reading: Reading) -> Iterator[Finding]:
    for pattern in (*PATTERNS, *LATIN):
        yield from (reading.finding(ADDRESS, found.start(), found.end()) for found in pattern.finditer(reading.plain))
    for pattern in NAMED:
        for found in pattern.finditer(reading.plain):
            if not _NO_NAME.search(found["name"]) and not _NO_PLACE.search(found[0]):
                yield reading.finding(ADDRESS, found.start(), found.end())
    for found in _NAMED_ESTATE.finditer(reading.plain):
        if not _NO_NAME.search(found["name"]):
            yield reading.finding(ADDRESS, found.start(), found.end())
