"""A plan agreed to twice, turned down and paid past at the same moment: one answer holds, and the loan is what its events say."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from django.db import connections

from core import business_day, outbox
from ledger.checks import check_books
from loans import repayment
from loans.hardship import plan as plans
from loans.hardship import request as requests
from loans.hardship import terms
from loans.hardship.request import UnableToHelp
from loans.hardship.terms import Wanted
from loans.models import Loan, Plan
from tests import stories
from tests.cast import alice
from tests.loans.book import assert_stored_is_replayed
from tests.loans.trouble import living_loan, noon, servicer, skip_to


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_one_answer_to_a_plan_holds_whatever_comes_at_once() -> None:
    living_loan()
    skip_to(date(2026, 3, 1))
    today, by = business_day.current(), alice().user
    now = noon(today)
    stories.pay_in(alice(), 100_000, now=now)
    made = requests.ask(Loan.objects.get(), wish="longer", by=by, as_of=today, now=now)
    sal = servicer().user
    requests.claim(made, by=sal, now=now)
    plans.propose(made, Wanted("re_age", more=3), by=sal, as_of=today, now=now)
    seen, start = plans.compare(Loan.objects.get(), terms.of(Plan.objects.get()), as_of=today).fingerprint, Barrier(4)

    def agree() -> None:
        plans.accept(Plan.objects.get(), seen=seen, by=by, as_of=today, now=now)

    def refuse() -> None:
        plans.decline(Plan.objects.get(), by=by, as_of=today, now=now)

    def pay() -> None:
        repayment.pay(loan=Loan.objects.get(), amount=100_000, by=by, key="at-once", as_of=today, now=now)

    def run(act: Callable[[], None]) -> str:
        start.wait()
        try:
            act()
        except UnableToHelp as refused:
            return refused.code
        finally:
            connections.close_all()
        return ""

    with ThreadPoolExecutor(4) as pool:
        *answers, paid = pool.map(run, (agree, agree, refuse, pay))
    assert (answers.count(""), paid) == (1, "")
    assert set(answers) <= {"", "not_open", "plan_changed"}
    plan, loan = Plan.objects.get(), Loan.objects.get()
    assert plan.state == ("declined" if answers[2] == "" else "in_force")
    assert loan.events.filter(kind="reschedule").count() == (plan.state == "in_force")
    assert loan.repayments.filter(kind="payment").count() == 1
    outbox.drain(now=now)
    assert_stored_is_replayed(loan)
    assert check_books().is_clean
