"""Training one set from its file to a sealed model and its card."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from credit import glassbox
from credit.training import alternatives, backtest, evaluation, fitting, measures, reading
from credit.training.fitting import Plan
from credit.training.reading import Rows
from credit.training.sets import without

CARDS = glassbox.MODELS / "cards"
DECIMALS = 6
PLANS: Mapping[str, Plan] = {  # chosen by cross-validation on the rows that were not set aside
    "prosper1_2006_2008": Plan(rounds=1000, pairs=40),
    "prosper2_2009_2014": Plan(rounds=1000, pairs=40),
    "thin_file": Plan(rounds=700, pairs=20),
    "lendingclub_2007_2011_10k": Plan(rounds=500, pairs=20),
    "german_1994": Plan(rounds=350, pairs=25, fraction=0.7, penalty=3.0, least_in_leaf=20, bins=31),
    "prosper_full_columns_sample": Plan(rounds=250, pairs=10, least_in_leaf=20, bins=31),
}


def train(name: str, *, models: Path = glassbox.MODELS, cards: Path = CARDS, plan: Plan | None = None) -> dict[str, Any]:
    """Fit, seal and describe the model of the set `name`; returns its card. The rows set aside are only looked at by the card.

    Where a fairer model was found at little cost, that one is fitted: the fields it leaves out are none of its inputs.
    """
    rows = reading.read(reading.known(name))
    plan = plan or PLANS.get(name, Plan())
    fitted, aside = rows.where(~rows.aside), rows.where(rows.aside)
    search = alternatives.search(fitted)
    of = without(rows.of, search.preferred.leaves_out if search else ())
    body = evaluation.calibrated(fitted, plan, of=of)
    raw = glassbox.sealed(body)
    card = described(rows, fitted, aside, body, plan) | {"fairness": alternatives.report(rows, body, plan, of, search)}
    card["kept_out"]["fairness"] = list(search.preferred.leaves_out) if search else []
    card["model_sha256"] = glassbox.opened(raw)[1]
    _write(models / f"{name}.json", raw)
    _write(cards / f"{name}.json", (json.dumps(rounded(card), ensure_ascii=False, indent=1) + "\n").encode())
    return card


def described(rows: Rows, fitted: Rows, aside: Rows, body: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """The card: what went in, and what the model shows on rows it never saw."""
    of = rows.of
    odds = fitting.log_odds(body, aside)
    shown = evaluation.compared(aside, odds, fitting.challenger(fitted, aside, plan)) | evaluation.beside_scorecard(aside, odds, fitted)
    tenths = measures.deciles(aside.bad, glassbox.probability(odds))
    return {
        "schema": "model-card/1",
        "name": of.name,
        "title": dict(of.title),
        "period": of.period,
        "rows": {"fitted": len(fitted), "set_aside": len(aside), "bad_rate": float(rows.bad.mean())},
        "plan": asdict(plan),
        "fields": list(body["fields"]),
        "kept_out": {kind: list(getattr(of, kind)) for kind in ("price", "circle", "protected", "not_used")},
        "effects": fitting.effects(body, fitted),
        "set_aside": shown,
        "deciles": tenths,
        "backtest": backtest.by_decile(tenths) if of.price else None,
        "out_of_time": evaluation.out_of_time(rows, plan),
        "limits": [dict(text) for text in of.limits],
    }


def rounded(value: Any) -> Any:
    """Plain data at the precision a card needs."""
    if isinstance(value, Mapping):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(each) for each in value]
    return round(float(value), DECIMALS) if isinstance(value, (float, np.floating)) else value


def _write(path: Path, raw: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
