"""Model cards and the circle study as shipped: read from their files, laid out as tables of words in the reader's language."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from credit import column_words, glassbox
from credit import fairness as fairness_rules

CARDS = glassbox.MODELS / "cards"
EVIDENCE = Path(__file__).with_name("evidence.json")
ORDER = ("lendingclub_2018", "prosper1_2006_2008", "prosper2_2009_2014", "thin_file", "lendingclub_2007_2011_10k", "taiwan_cards_2005", "german_1994")
EFFECTS_SHOWN = 15
Card = Mapping[str, Any]
Table = dict[str, Any]


@cache
def card(name: str) -> Card:
    """The card of a shipped model. Raises glassbox.UnknownModel."""
    if name not in glassbox.names():
        raise glassbox.UnknownModel(name)
    return json.loads((CARDS / f"{name}.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def cards() -> list[Card]:
    names = glassbox.names()
    return [card(name) for name in (*(name for name in ORDER if name in names), *(name for name in names if name not in ORDER))]


@cache
def evidence() -> Card:
    return json.loads(EVIDENCE.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def said(text: Mapping[str, str]) -> str:
    """The words of a card in the reader's language."""
    return text["zh-hans" if (get_language() or "").startswith("zh") else "en"]


def number(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}".replace("-", "−")


def signed(value: float, digits: int = 4) -> str:
    return ("+" if value >= 0 else "−") + f"{abs(value):.{digits}f}"


def between(interval: Sequence[float], digits: int = 3) -> str:
    return f"{number(interval[0], digits)} – {number(interval[1], digits)}"


def gain(found: Mapping[str, Any]) -> dict[str, str]:
    """A difference with its interval beneath."""
    return {"text": signed(found["delta_auc"]), "note": f"{signed(found['interval'][0])}, {signed(found['interval'][1])}"}


def ranged(value: float, interval: Sequence[float]) -> dict[str, str]:
    return {"text": number(value), "note": between(interval)}


def column(label: str, *, number: bool = True) -> dict[str, Any]:
    return {"label": label, "number": number}


def overview(found: Sequence[Card], urls: Mapping[str, str]) -> Table:
    """All models, on the rows set aside."""
    rows = []
    for each in found:
        shown, price = each["set_aside"], best_price(each["set_aside"])
        rows.append(
            [
                {"text": said(each["title"]), "url": urls[each["name"]], "note": each["period"]},
                f"{shown['champion']['rows']:,}",
                ranged(shown["champion"]["auc"], shown["champion"]["auc_interval"]),
                {"text": number(shown["challenger"]["auc"]), "note": gain(shown["against_challenger"])["text"]},
                {"text": number(price[1]["auc"]), "note": column_words.told(price[0])} if price else "—",
                ranged(shown["champion"]["ece"], shown["champion"]["ece_interval"]),
            ]
        )
    labels = (_("Rows"), _("AUC of the model"), _("AUC of the unrestricted machine"), _("AUC of the platform’s own price"), _("Calibration error"))
    return {"caption": _("Models"), "columns": [column(_("Data set"), number=False), *(column(label) for label in labels)], "rows": rows}


def best_price(shown: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """The platform's judgement that ranks best: its name and figures."""
    return max(shown["price"].items(), key=lambda pair: pair[1]["auc"], default=None)


def figures(report: Mapping[str, Any]) -> Table:
    """One model on one group of rows."""
    rows = [
        ["AUC", number(report["auc"]), between(report["auc_interval"])],
        ["KS", number(report["ks"]), "—"],
        ["Brier", number(report["brier"]), between(report["brier_interval"])],
        [
            {
                "text": _("Calibration error, ten bins of equal width"),
                "note": _("%(value)s if every probability were exactly right") % {"value": number(report["ece_noise_floor"])},
            },
            number(report["ece"]),
            between(report["ece_interval"]),
        ],
        [
            {
                "text": _("Calibration error, ten bins of equal count"),
                "note": _("%(value)s if every probability were exactly right") % {"value": number(report["ece_by_count_noise_floor"])},
            },
            number(report["ece_by_count"]),
            "—",
        ],
        [_("Observed over expected"), number(report["observed_to_expected"]), "—"],
    ]
    columns = [column(_("Figure"), number=False), column(_("Value")), column(_("95% interval"))]
    return {"caption": _("Figures"), "columns": columns, "rows": rows}


def compared(shown: Mapping[str, Any]) -> Table:
    """The model beside the unrestricted machine and the platform's price, paired."""
    rows = [[_("Unrestricted machine (LightGBM)"), number(shown["challenger"]["auc"]), gain(shown["against_challenger"])]]
    if plain := shown.get("scorecard"):
        rows.append([_("Plain scorecard, each input in optimal monotone bins"), number(plain["auc"]), gain(shown["against_scorecard"])])
    for name, price in sorted(shown["price"].items(), key=lambda pair: -pair[1]["auc"]):
        rows.append([_("Platform: %(name)s") % {"name": column_words.told(name)}, number(price["auc"]), gain(price["gain"])])
    columns = [column(_("Compared with"), number=False), column("AUC"), column(_("Gain of the model, 95% interval"))]
    return {"caption": _("Comparison"), "columns": columns, "rows": rows}


def deciles(found: Sequence[Mapping[str, float]]) -> Table:
    rows = [[str(place), f"{row['rows']:,}", f"{row['predicted']:.1%}", f"{row['observed']:.1%}"] for place, row in enumerate(found, start=1)]
    columns = [column(_("Tenth of risk"), number=False), column(_("Rows")), column(_("Predicted bad")), column(_("Observed bad"))]
    return {"caption": _("Predicted and observed, by tenth of risk"), "columns": columns, "rows": rows}


def backtest(found: Mapping[str, Any] | None) -> Table | None:
    """Each tenth priced at what was predicted, and what that rate earned with what was observed."""
    if not found:
        return None
    aimed = found["target_yield"]
    rows = [
        [str(place), f"{row['rate']:.2%}", f"{row['earned']:.2%}".replace("-", "−"), _points(row["earned"] - aimed)]
        for place, row in enumerate(found["rows"], start=1)
    ]
    labels = (_("Rate it needed"), _("Net yield it earned"), _("Against the yield aimed at"))
    columns = [column(_("Tenth of risk"), number=False), *(column(label) for label in labels)]
    return {"caption": _("Prices against what came, by tenth of risk"), "columns": columns, "rows": rows}


def _points(share: float) -> str:
    return _("%(points)s points") % {"points": signed(100 * share, 2)}


def recalibrated(time: Mapping[str, Any]) -> Table:
    """Calibration out of time: as trained, and after each way of moving level and slope."""
    how = {
        "months_between": _("After the outcomes of the months in between"),
        "month_before": _("Each month after the outcomes of the month before"),
        "other_half": _("Each half of the new loans after the outcomes of the other half"),
    }
    lines = [(_("As trained"), time["champion"]), *((how[row["how"]], row) for row in time["recalibrated"])]
    rows = [[words, ranged(row["ece"], row["ece_interval"]), number(row["observed_to_expected"])] for words, row in lines]
    columns = [column(_("Level and slope"), number=False), column(_("Calibration error")), column(_("Observed over expected"))]
    return {"caption": _("Calibration out of time"), "columns": columns, "rows": rows}


def effects(found: Sequence[Mapping[str, Any]]) -> Table:
    rows = [[" × ".join(column_words.told(name) for name in row["of"]), number(row["moves"])] for row in found[:EFFECTS_SHOWN]]
    columns = [column(_("Input, or pair of inputs"), number=False), column(_("How far it moves the log-odds"))]
    return {"caption": _("Inputs"), "columns": columns, "rows": rows}


def fairness(found: Mapping[str, Any] | None) -> list[Table]:
    """By protected attribute: approval and calibration of each group; then every model that was tried as a fairer one."""
    if not found:
        return []
    groups = {"sex": _("Sex"), "age": _("Age"), "women": _("Women"), "men": _("Men")}
    groups |= {"under 30": _("Under 30"), "30 to 44": _("30 to 44"), "45 and over": _("45 and over")}
    columns = [column(_("Group"), number=False), column(_("Rows")), column(_("Share approved")), column(_("Predicted bad")), column(_("Observed bad"))]
    tables = []
    for name, rows in found["groups"].items():
        lines = [[groups[row["group"]], f"{row['rows']:,}", *(f"{row[each]:.1%}" for each in ("approved", "expected", "observed"))] for row in rows]
        caption = _("%(attribute)s: lowest approval over highest %(ratio)s") % {"attribute": groups[name], "ratio": number(found["impact"][name])}
        tables.append({"caption": caption, "shown": True, "columns": columns, "rows": lines})
    return [*tables, _tried(found["search"], groups)]


def _tried(search: Mapping[str, Any], groups: Mapping[str, str]) -> Table:
    names = list(search["tried"][0]["impact"])
    rows = []
    for row in search["tried"]:
        words = column_words.listed(row["leaves_out"]) or _("nothing")
        chosen = row["leaves_out"] == search["preferred"]
        rows.append([{"text": words, "note": _("preferred") if chosen else ""}, number(row["auc"]), *(number(row["impact"][name]) for name in names)])
    columns = [column(_("Leaves out"), number=False), column("AUC"), *(column(groups[name]) for name in names)]
    words = _("Models tried as fairer ones, on the rows of the fitting; where a ratio is below %(aim)s, the best for at most %(cost)s AUC is preferred")
    caption = words % {"aim": number(fairness_rules.AIM, 2), "cost": number(search["costs_at_most"])}
    return {"caption": caption, "shown": True, "columns": columns, "rows": rows}


def circle(found: Card, *, kind: str) -> Table:
    """The study's table: what one kind of columns adds, with intervals."""
    rows = []
    for each in found["sets"]:
        for measured in (row for row in each["measured"] if row["kind"] == kind):
            later = [gain(row) | {"text": f"{signed(row['delta_auc'])}"} for row in measured["out_of_time"]]
            rows.append(
                [
                    {"text": said(each["title"]), "note": column_words.listed(measured["columns"])},
                    f"{measured['share_with_any']:.1%}",
                    gain(measured["set_aside"]),
                    later[0] if later else "—",
                    gain(measured["thin_file"]),
                    gain(each["own_data"]["set_aside"]),
                    _("yes") if all(row["within_margin"] for row in (measured["set_aside"], *measured["out_of_time"])) else _("not shown"),
                ]
            )
    labels = (
        _("Have any"),
        _("Full data"),
        _("Later loans"),
        _("Thin file"),
        _("Own data instead"),
        _("Below margin"),
    )
    caption = _("Gain in AUC from these columns, with 95% intervals")
    return {"caption": caption, "columns": [column(_("Data set"), number=False), *(column(label) for label in labels)], "rows": rows}
