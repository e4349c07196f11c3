"""Charts as plain SVG: x in per cent, y in px, no viewBox, so the text never scales; colour and texture by class.

    {% load charts %}
    {% chart_bars chart %}      stacked bars by period, with legend, one title per mark, the same figures as a table, CSV link
    {% share_bar parts ... %}   one horizontal bar split into shares, with its list
    {% meter value=… target=… currency=… %}   a target being filled, with its numbers

`chart` is a mapping:
    id        unique on the page (default "chart")         title, summary   words: what it shows, and what it says
    currency  amounts are integer minor units of it
    series    [{"key", "label", "fill": b1|b2|b3|ba|hatch|dots|grid}, …] stacked upwards in this order
    rows      [{"label": "Jan 2027", "tick": "Jan", "year": "2027" or "", "values": {key: minor, …}, "past": bool}, …]
              a series may be negative: it is drawn below the line
    mark      {"index": n, "label": "Today"}: an orange line before row n (optional)
    csv_url   where the same figures can be had as CSV (optional)
"""

from __future__ import annotations

from typing import Any

from django import template

from core.money import format_amount

register = template.Library()

TEXTURES = ("hatch", "dots", "grid")
LEFT, RIGHT = 11.0, 100.0  # per cent of the width: axis words on the left, bars on the rest
HEIGHT, TOP = 206.0, 18.0  # px: the base line of an all-positive chart, room for the mark's words
STEPS = (1, 2, 2.5, 5, 10)


def _step(peak: int) -> int:
    """A round distance between grid lines giving three to five of them."""
    power = 10 ** max(len(str(max(peak, 1))) - 2, 0)
    return next((int(s * power * m) for m in (1, 10) for s in STEPS if peak <= s * power * m * 4), peak)


def _paint(fill: str) -> dict[str, str]:
    return {"fill": f"url(#{fill})", "css": ""} if fill in TEXTURES else {"fill": "", "css": fill}


def _round(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _bars(row: dict[str, Any], *, x: float, width: float, base: float, scale: float, series: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The rectangles of one period: positive values stacked above the base line, negative ones below it."""
    up, down, bars = base, base + 1, []
    for one in series:
        value = row["values"].get(one["key"], 0)
        height = abs(value) * scale
        if height < 0.2:
            continue
        y = up - height if value > 0 else down
        up, down = (y, down) if value > 0 else (up, down + height)
        bars.append({"x": _round(x), "y": _round(y), "w": _round(width), "h": _round(max(height - (1.2 if value > 0 else 0), 0.4)), **_paint(one["fill"])})
    return bars


def _extent(rows: list[dict[str, Any]]) -> tuple[int, int]:
    ups = [sum(v for v in row["values"].values() if v > 0) for row in rows]
    downs = [-sum(v for v in row["values"].values() if v < 0) for row in rows]
    return max(ups, default=0), max(downs, default=0)


def _grid(peak: int, trough: int, *, step: int, base: float, scale: float, currency: str) -> list[dict[str, str]]:
    levels = [n * step for n in range(-(trough // step), -(-peak // step) + 1) if n]
    return [
        {"y": _round(base - level * scale), "ty": _round(base - level * scale - 4), "label": format_amount(level, currency).removesuffix(".00")}
        for level in levels
    ]


def bar_geometry(chart: dict[str, Any]) -> dict[str, Any]:
    """Everything the template needs to draw `chart` (see the module): grid, bars with their words, ticks, table."""
    rows, series, currency = list(chart["rows"]), chart["series"], chart.get("currency", "CNY")
    peak, trough = _extent(rows)
    step = _step(max(peak, trough, 1))
    room = HEIGHT - TOP
    scale = room / max(-(-peak // step) * step, step)
    base, slot = HEIGHT, (RIGHT - LEFT) / max(len(rows), 1)
    width = slot * 0.72
    foot = base + trough * scale + (6 if trough else 0)
    every = max(1, -(-len(rows) // 8))
    marks = []
    for n, row in enumerate(rows):
        x = LEFT + n * slot + slot * 0.14
        said = ", ".join(f"{one['label']} {format_amount(row['values'].get(one['key'], 0), currency)}" for one in series if row["values"].get(one["key"]))
        marks.append(
            {
                "title": f"{row['label']}: {said}" if said else row["label"],
                "bars": _bars(row, x=x, width=width, base=base, scale=scale, series=series),
                "mid": _round(x + width / 2),
                "x": _round(x),
                "tick": row.get("tick", row["label"]) if n % every == 0 else "",
                "thin": n % (2 * every) != 0,
                "year": row.get("year", ""),
            }
        )
    mark = chart.get("mark")
    return {
        **chart,
        "id": chart.get("id", "chart"),
        "currency": currency,
        "base": base,
        "foot": _round(foot),
        "tick_y": _round(foot + 17),
        "year_y": _round(foot + 34),
        "height": int(foot + 44),
        "grid": _grid(peak, trough, step=step, base=base, scale=scale, currency=currency),
        "marks": marks,
        "mark_x": _round(LEFT + mark["index"] * slot) if mark else "",
        "mark_right": bool(mark and mark["index"] > len(rows) / 2),
        "table": [{"label": row["label"], "cells": [row["values"].get(one["key"], 0) for one in series], "total": sum(row["values"].values())} for row in rows],
    }


@register.inclusion_tag("components/chart_bars.html")
def chart_bars(chart: dict[str, Any]) -> dict[str, Any]:
    return bar_geometry(chart)


@register.inclusion_tag("components/share_bar.html")
def share_bar(parts: list[dict[str, Any]], title: str, *, id: str = "share", currency: str = "") -> dict[str, Any]:
    """One bar split by `parts` [{"label", "value", "fill", "shown" (words, optional), "note" (optional)}]. Values are of one unit, not negative."""
    total = sum(part["value"] for part in parts) or 1
    at, shares = 0.0, []
    for part in parts:
        width = float(part["value"]) / float(total) * 100
        shares.append({**part, "x": _round(at), "w": _round(max(width - 0.3, 0.2) if width else 0), "percent": width / 100, **_paint(part["fill"])})
        at += width
    return {"shares": shares, "title": title, "id": id, "currency": currency, "total": total}


@register.inclusion_tag("components/meter.html")
def meter(*, value: int, target: int, currency: str = "CNY", title: str = "", considering: int = 0, id: str = "meter", slim: bool = False) -> dict[str, Any]:
    """A target being filled: solid is in, hatched is what the reader considers. `slim` draws the bar alone (cards; the caller prints the numbers)."""
    share = min(value / target, 1) if target else 0
    more = min(considering / target, 1 - share) if target else 0
    return {
        "value": value,
        "target": target,
        "half": target // 2,
        "currency": currency,
        "title": title,
        "id": id,
        "slim": slim,
        "share": share,
        "w": _round(share * 100),
        "more": _round(more * 100) if more else "",
        "open": max(target - value, 0),
        "ticks": [{"x": n * 10, "y": 38 if n % 5 == 0 else 34} for n in range(11)],
    }
