"""Addresses of the borrower's pages."""

from django.urls import path

from loans.views import after_no, apply, calculator, circle, documents, early, hardship, life, obligors, offers, status

app_name = "loans"
urlpatterns = [
    path("calculator/", calculator.calculator, name="calculator"),
    path("calculator/schedule.csv", calculator.calculator_csv, name="calculator_csv"),
    path("apply/", apply.start, name="start"),
    path("applications/", apply.applications, name="applications"),
    path("applications/<str:reference>/", apply.application, name="application"),
    path("applications/<str:reference>/check/", apply.check, name="check"),
    path("applications/<str:reference>/submit/", apply.submit, name="submit"),
    path("applications/<str:reference>/withdraw/", apply.withdraw, name="withdraw"),
    path("applications/<str:reference>/answer/", status.answer, name="answer"),
    path("applications/<str:reference>/second-look/", after_no.second_look, name="second_look"),
    path("applications/<str:reference>/correct/", after_no.correct, name="correct"),
    path("applications/<str:reference>/corrected/", after_no.corrected, name="corrected"),
    path("applications/<str:reference>/documents/", documents.documents, name="documents"),
    path("applications/<str:reference>/circle/", circle.people, name="circle"),
    path("applications/<str:reference>/circle/<str:link>/take-back/", circle.take_back, name="circle_take_back"),
    path("documents/<str:reference>/", documents.document, name="document"),
    path("documents/<str:reference>/remove/", documents.remove_document, name="remove_document"),
    path("applications/<str:reference>/co-borrowers/", obligors.obligors, name="obligors"),
    path("co-borrow/key/<str:token>/", obligors.invitation, name="invitation"),  # "key/…" is what our logs leave out
    path("co-borrow/<str:reference>/", obligors.obligation, name="obligation"),
    path("co-borrow/<str:reference>/take-back/", obligors.take_back, name="take_back"),
    path("co-borrow/<str:reference>/step-back/", obligors.step_back, name="step_back"),
    path("applications/<str:reference>/<str:section>/", apply.section, name="section"),
    path("offers/<str:reference>/", offers.offer, name="offer"),
    path("offers/<str:reference>/agreement/", offers.draft_paper, name="draft_paper"),
    path("offers/<str:reference>/sign/", offers.sign, name="sign"),
    path("offers/<str:reference>/decline/", offers.decline, name="decline"),
    path("papers/<str:reference>/<str:kind>/", offers.paper, name="paper"),
    path("loans/", life.loans, name="loans"),
    path("loans/<str:reference>/", life.loan, name="loan"),
    path("loans/<str:reference>/repay/", life.repay, name="repay"),
    path("loans/<str:reference>/settle/", life.settle, name="settle"),
    path("loans/<str:reference>/help/", hardship.hardship, name="hardship"),
    path("loans/<str:reference>/help/take-back/", hardship.take_back, name="hardship_take_back"),
    path("evidence/<str:reference>/", hardship.evidence, name="evidence"),
    path("plans/<str:reference>/", hardship.plan, name="plan"),
    path("plans/<str:reference>/accept/", hardship.accept, name="accept_plan"),
    path("plans/<str:reference>/decline/", hardship.decline, name="decline_plan"),
    path("loans/<str:reference>/early/", early.early, name="early"),
    path("loans/<str:reference>/payoff/", early.payoff, name="payoff"),
    path("loans/<str:reference>/overpaid/", early.overpaid, name="overpaid"),
    path("loans/<str:reference>/autopay/", early.autopay, name="autopay"),
]
