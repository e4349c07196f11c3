"""The portfolio page."""

from __future__ import annotations

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import party_required
from core import business_day
from loans.models import Participation
from marketplace import portfolio as portfolios
from marketplace import presenting, results
from marketplace.models import Sale
from marketplace.views.common import PAGE, acting, market_currency


@require_GET
@party_required(invests=True)
def portfolio(request: HttpRequest) -> HttpResponse:
    party, today = acting(request), business_day.current()
    currency = market_currency()
    since, until = portfolios.window(today)
    result = results.of(party, currency=currency, as_of=today, haircut=request.GET.get("haircut", ""))
    flow = portfolios.months(party, currency=currency, since=since, until=until)
    page = Paginator(portfolios.holdings(party), PAGE).get_page(request.GET.get("page"))
    context = {
        "overview": portfolios.overview(party, currency=currency),
        "first_line": results.first_line(result),
        "result": result,
        "rates": results.rates(result),
        "grades": results.grades(result),
        "haircuts": results.HAIRCUTS,
        "grade_mix": results.grade_mix(result),
        "largest": portfolios.largest(party, currency=currency),
        "mix": presenting.status_mix(portfolios.status_mix(party, currency=currency)),
        "pledges": portfolios.pledges(party),
        "offers": Sale.objects.filter(party=party, state="open").select_related("participation__loan__listing").order_by("pk"),
        "page_obj": page,
        "holdings": _with_results(page, results.loans(party, [held.pk for held in page], currency=currency, as_of=today)),
        "chart": presenting.flow(flow, currency=currency, today=today),
        "flows": any(month.received or month.expected for month in flow),
        "today": today,
    }
    return render(request, "marketplace/portfolio.html", context)


def _with_results(page: Page[Participation], found: dict[int, dict[str, str]]) -> list[tuple[Participation, dict[str, str]]]:
    return [(held, found.get(held.pk, {})) for held in page]
