"""Addresses of the market."""

from django.urls import path

import core.converters  # noqa: F401  # <reference:…> in the addresses below
from marketplace.views import compare, holding, listing, mandate, plan, pledge, portfolio, question, run, sale, saved_search, seen, suitability, tax

app_name = "marketplace"
urlpatterns = [
    path("market/", listing.listings, name="listings"),
    path("market/compare/", compare.compare, name="compare"),
    path("market/searches/", saved_search.searches, name="searches"),
    path("market/searches/<reference:reference>/end/", saved_search.end, name="end_search"),
    path("market/seen/<str:reference>/", seen.preview, name="seen"),
    path("market/<str:reference>/", listing.listing, name="listing"),
    path("market/<str:reference>/ask/", question.ask, name="ask_question"),
    path("market/<str:reference>/figures/", listing.figures, name="figures"),
    path("market/<str:reference>/record.pdf", seen.record, name="record"),
    path("market/<str:reference>/pledge/", pledge.pledge, name="pledge"),
    path("questions/", question.questions, name="questions"),
    path("questions/<reference:reference>/answer/", question.answer, name="answer_question"),
    path("pledges/<str:reference>/", pledge.receipt, name="receipt"),
    path("pledges/<str:reference>/cancel/", pledge.cancel, name="cancel"),
    path("shares/", sale.sales, name="sales"),
    path("shares/<reference:reference>/", sale.sale, name="sale"),
    path("shares/<reference:reference>/cancel/", sale.cancel_sale, name="cancel_sale"),
    path("shares/bought/<reference:reference>/", sale.bought, name="bought"),
    path("portfolio/<reference:reference>/sell/", sale.sell, name="sell"),
    path("mandates/", mandate.mandate_list, name="mandates"),
    path("mandates/new/", mandate.new, name="new_mandate"),
    path("mandates/preview/", mandate.look_ahead, name="mandate_preview"),
    path("mandates/<str:reference>/", mandate.mandate, name="mandate"),
    path("mandates/<str:reference>/edit/", mandate.edit, name="edit_mandate"),
    path("mandates/<str:reference>/<slug:verb>/", mandate.act, name="mandate_act"),
    path("suitability/", suitability.suitability, name="suitability"),
    path("suitability/confirm/", suitability.acknowledge_suitability, name="acknowledge_suitability"),
    path("runs/", run.run_list, name="runs"),
    path("runs/rule/", run.rule, name="rule"),
    path("runs/<str:reference>/", run.run, name="run"),
    path("runs/<str:reference>/file/", run.run_file, name="run_file"),
    path("runs/<str:reference>/mine/", run.proof, name="proof"),
    path("runs/<str:reference>/mine/input/", run.proof_input, name="proof_input"),
    path("runs/<str:reference>/mine/certificate/", run.proof_certificate, name="proof_certificate"),
    path("portfolio/", portfolio.portfolio, name="portfolio"),
    path("portfolio/holdings/<str:reference>/", holding.holding, name="holding"),
    path("portfolio/tax/", tax.tax_years, name="tax_years"),
    path("portfolio/tax/<int:year>/", tax.tax_year, name="tax_year"),
    path("portfolio/tax/<int:year>/csv/", tax.tax_csv, name="tax_csv"),
    path("portfolio/tax/<int:year>/pdf/", tax.tax_pdf, name="tax_pdf"),
    path("portfolio/plans/<str:reference>/", plan.plan, name="plan"),
    path("portfolio/plans/<str:reference>/vote/", plan.cast, name="vote"),
]
