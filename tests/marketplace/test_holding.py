"""A holding's page: the own part of everything, the stage in public words, recoveries with their costs; and statements anybody can make again."""

import hashlib
from datetime import date

import pytest

from loans.collections import case as cases
from loans.collections import recovery
from loans.models import Loan
from tests.cast import alice, bob, client_of, fay, grace
from tests.loans.trouble import START, living_loan, noon, servicer, skip_to
from tests.stories import pay_in

pytestmark = pytest.mark.django_db


def test_the_holder_sees_stage_days_and_recovery_and_no_more(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    loan, sal = living_loan(), servicer()
    page = f"/portfolio/holdings/{loan.listing.reference}/"
    day = date(2026, 5, 20)
    skip_to(day)
    cases.follow(on=date(2026, 5, 19), now=noon(day))
    pay_in(alice(), 100_000, now=noon(day))
    proposed = recovery.propose(Loan.objects.get(), gross=100_000, costs=10_000, source="court", by=sal.user, now=noon(day))
    recovery.approve(proposed, by=fay().user, as_of=day, now=noon(day))
    english, chinese = (client_of(bob(), language=language).get(page).content.decode() for language in ("en", "zh-hans"))
    assert "In default, being collected" in english
    assert "违约，催收中" in chinese
    assert "¥45,000" not in english
    assert "¥450.00" in english  # Bob's half of 900.00
    for withheld in (alice().party.reference, alice().user.email, "Li Min", loan.reference):
        assert withheld not in english
    assert client_of(grace(now=START)).get(page).status_code in (302, 404)
    skip_to(date(2026, 6, 2))
    bobs = client_of(bob())
    assert bobs.get("/statements/").status_code == 200
    csv, again = (bobs.get("/statements/2026-05.csv") for _ in range(2))
    pdf, again_pdf = (bobs.get("/statements/2026-05.pdf") for _ in range(2))
    assert (csv.content, pdf.content) == (again.content, again_pdf.content)
    assert pdf.content.startswith(b"%PDF")
    assert hashlib.sha256(csv.content).hexdigest() == pdf["Xinqiao-SHA256"]
    assert b"received,2026-05-20," in csv.content
    hers = client_of(alice()).get("/statements/2026-05.csv").content.decode()
    assert [line for line in hers.splitlines() if line.startswith("wallet,2026-05-20,repayment")] == [f"wallet,2026-05-20,repayment,{loan.reference},-90000"]
    assert [bobs.get(path).status_code for path in ("/statements/2026-06.csv", "/statements/2025-12.csv", "/statements/2026-13.pdf")] == [404] * 3
    assert bobs.get("/statistics/").status_code == 200
    assert bobs.get("/statistics/cohorts.csv").content == b"cohort\n"
    assert b"left_out" in bobs.get("/statistics/loan-tape.csv").content
