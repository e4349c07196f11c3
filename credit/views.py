"""Pages anybody may read: the models with their cards, and what the circle would have told us."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from credit import cards, column_words, glassbox


@require_safe
def models(request: HttpRequest) -> HttpResponse:
    found = cards.cards()
    urls = {card["name"]: reverse("credit:model", args=[card["name"]]) for card in found}
    return render(request, "credit/models.html", {"table": cards.overview(found, urls)})


@require_safe
def model(request: HttpRequest, name: str) -> HttpResponse:
    try:
        card = cards.card(name)
    except glassbox.UnknownModel:
        raise Http404 from None
    times = [
        {"period": row["period"], "until": row["fitted_until"], "compared": cards.compared(row), "figures": cards.figures(row["champion"])}
        | {"recalibrated": cards.recalibrated(row)}
        for row in card["out_of_time"]
    ]
    context = {
        "card": card,
        "fields": column_words.listed(card["fields"]),
        "kept_out": {kind: column_words.listed(names) for kind, names in card["kept_out"].items()},
        "title": cards.said(card["title"]),
        "figures": cards.figures(card["set_aside"]["champion"]),
        "compared": cards.compared(card["set_aside"]),
        "deciles": cards.deciles(card["deciles"]),
        "backtest": cards.backtest(card.get("backtest")),
        "effects": cards.effects(card["effects"]),
        "times": times,
        "fairness": cards.fairness(card["fairness"]),
        "limits": [cards.said(text) for text in card["limits"]],
        "tables": len(card["effects"]),
        "pairs": sum(len(row["of"]) == 2 for row in card["effects"]),
    }
    return render(request, "credit/model.html", context)


@require_safe
def evidence(request: HttpRequest) -> HttpResponse:
    found = cards.evidence()
    context = {"study": found, "circle": cards.circle(found, kind="circle"), "cosigner": cards.circle(found, kind="cosigner")}
    return render(request, "credit/evidence.html", context)
