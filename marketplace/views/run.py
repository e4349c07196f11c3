"""Pages of runs: when they are, what each one did, the file everybody may read, and one's own proof."""

from __future__ import annotations

import json
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts import access
from accounts.access import party_required
from loans import product
from marketplace import run as runs
from marketplace import run_presenting, run_proof
from marketplace.models import MatchRun
from marketplace.views.common import PAGE, acting


def _booked(reference: str) -> MatchRun:
    return get_object_or_404(runs.past(), reference=reference)


@require_GET
def run_list(request: HttpRequest) -> HttpResponse:
    page = Paginator(runs.past(), PAGE).get_page(request.GET.get("page"))
    coming = runs.to_come(currency=product.STANDARD.currency)
    return render(request, "marketplace/runs.html", {"page_obj": page, "coming": coming, "next": runs.next_time(coming.due_at) if coming else None})


@require_GET
def rule(request: HttpRequest) -> HttpResponse:
    """How the money is shared out, in plain words, and what is promised."""
    return render(request, "marketplace/rule.html", {"promises": run_presenting.PROMISES, "not_promised": run_presenting.NOT_PROMISED})


@require_GET
def run(request: HttpRequest, reference: str) -> HttpResponse:
    found = _booked(reference)
    context = {
        "run": found,
        "blocks": run_presenting.blocks(found),
        "policies": run_presenting.policies(found),
        "dropped": run_presenting.dropped(found),
        "seed_holds": run_proof.seed_holds(found),
        "mine": _has_part(request, found),
    }
    return render(request, "marketplace/run.html", context)


def _has_part(request: HttpRequest, found: MatchRun) -> bool:
    party = access.acting_party(request, now=timezone.now())
    return party is not None and found.parts.filter(party=party).exists()


@require_GET
def run_file(request: HttpRequest, reference: str) -> HttpResponse:
    found = _booked(reference)
    return _file(
        {
            "run": found.reference,
            "due_at": found.due_at.isoformat(),
            "commitment": found.commitment,
            "secret": found.secret,
            "input_sha256_without_seed": found.input_sha256,
            **found.public,
        },
        f"{found.reference}.json",
    )


def _file(document: Any, name: str) -> HttpResponse:
    content = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    return HttpResponse(content, content_type="application/json; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _proof(request: HttpRequest, reference: str) -> run_proof.Proof:
    found = run_proof.proof(_booked(reference), acting(request))
    if found is None:
        raise Http404
    return found


@require_GET
@party_required(invests=True)
def proof(request: HttpRequest, reference: str) -> HttpResponse:
    found = _proof(request, reference)
    return render(
        request,
        "marketplace/proof.html",
        {"proof": found, "run": found.run, "fills": run_presenting.fills(found), "seed_holds": run_proof.seed_holds(found.run)},
    )


@require_GET
@party_required(invests=True)
def proof_input(request: HttpRequest, reference: str) -> HttpResponse:
    return _file(_proof(request, reference).input, f"{reference}-input.json")


@require_GET
@party_required(invests=True)
def proof_certificate(request: HttpRequest, reference: str) -> HttpResponse:
    return _file(_proof(request, reference).certificate, f"{reference}-certificate.json")
