"""Chapters many stories share, told through the public operations only."""

from datetime import date, datetime, timedelta

from django.utils import timezone

from accounts import parties
from accounts.cast import Member
from accounts.models import User
from accounts.reauthentication import Reauthentication
from core import business_day, outbox
from loans import application as applications
from loans import delinquency, disbursement, offer
from loans import obligor as obligors
from loans.models import Application, DayRun, Loan, Obligor
from marketplace import pledge as pledging
from marketplace.models import Listing, Pledge
from payments import bank_account, deposit
from payments.rails import sandbox
from privacy import consents, notices
from privacy.forms import Answer

ANSWERS = {
    "background": {"background": "I have run a bakery for six years."},
    "repayment": {"repayment_plan": "From daily sales.", "repayment_source": "business"},
    "finances": {
        "phone": "13800138000",
        "region": "ZJ",
        "occupation": "self_employed",
        "industry": "food",
        "housing": "rent",
        "months_at_work": "72",
        "income_monthly": "1500000",
        "debt_monthly": "0",
        "debt_total": "0",
        "debt_other_platforms": "0",
        "overdue_count_6m": "0",
    },
}


def pay_in(member: Member, amount: int, *, now: datetime) -> None:
    """Money arrives from the member's bank."""
    line = f"test-{member.party.reference}-{amount}-{now.timestamp()}"
    deposit.receive(rail="sandbox", line_id=line, amount=amount, currency="CNY", reference=member.party.reference, booked_on=business_day.current(), now=now)


def consent(application: Application, purposes: tuple[str, ...], *, now: datetime, decision: str = "given") -> None:
    """The borrower answers in the application."""
    file = application.file
    for purpose in purposes:
        notice = notices.current(notices.code_for(purpose) if hasattr(notices, "code_for") else purpose, "en")
        consents.record(subject=file.subject, purpose=purpose, decision=decision, notice=notice, locale="en", now=now, matter=file.matter)


def draft(borrower: Member, *, amount: int, term_months: int, method: str = "equal_installment", consented: bool = True, now: datetime) -> Application:
    """A complete draft; without its consents where `consented` is False."""
    application = applications.start(party=borrower.party, by=borrower.user, language="en", now=now)
    applications.save_project(
        application,
        title="A second oven",
        summary="A second oven for a bakery that sells out by ten.",
        purpose="equipment",
        amount=amount,
        term_months=term_months,
        method=method,
        now=now,
    )
    applications.save_funds(application, items=[("Oven", amount - 100_000), ("Wiring", 100_000)], now=now)
    for section, answers in ANSWERS.items():
        application = Application.objects.select_related("file").get(pk=application.pk)
        applications.save_answers(application, section=section, answers=answers, now=now)
    consent(application, applications.REQUIRED_CONSENTS if consented else (), now=now)
    return Application.objects.select_related("file__subject", "file__matter", "party").get(pk=application.pk)


def beside(application: Application, member: Member, *, now: datetime) -> Obligor:
    """The member joins the draft as a co-borrower, by a link and with their own consents."""
    invited, _token = obligors.invite(application, by=User.objects.get(pk=min(parties.persons_behind(application.party))), now=now)
    yes = [Answer("given", purpose, notices.current(purpose, "en")) for purpose in obligors.NEEDED]
    return obligors.join(invited, party=member.party, by=member.user, income_monthly=800_000, debt_monthly=0, answers=yes, now=now)


def offered(borrower: Member, *, reviewer: Member, amount: int, term_months: int, method: str = "equal_installment", now: datetime) -> Application:
    """Submitted, claimed and approved: an offer is open."""
    application = draft(borrower, amount=amount, term_months=term_months, method=method, now=now)
    applications.submit(application, by=borrower.user, as_of=business_day.current(), now=now)
    application.refresh_from_db()
    applications.claim(application, by=reviewer.user, now=now)
    applications.approve(application, by=reviewer.user, reason="Sound.", now=now)
    return application


def accepted_loan(borrower: Member, *, reviewer: Member, amount: int, term_months: int, method: str = "equal_installment", now: datetime) -> Loan:
    """The borrower has signed; the listing is open."""
    application = offered(borrower, reviewer=reviewer, amount=amount, term_months=term_months, method=method, now=now)
    loan = offer.accept(application.offers.get(), by=borrower.user, reauthentication=Reauthentication(method="password", at=now), language="en", now=now)
    assert loan is not None
    outbox.drain(now=now)
    return loan


def pledge(listing: Listing, investor: Member, amount: int, *, now: datetime, key: str = "") -> Pledge:
    """One investor pledges."""
    listing.refresh_from_db()
    wish = pledging.Wish(listing, investor.party, investor.user, amount, listing.annual_rate)
    return pledging.place(wish, key=key or f"{investor.user.pk}-{listing.pk}-{amount}", as_of=None, now=now)


def verified_account(member: Member, *, now: datetime, serial: int = 1) -> bank_account.BankAccount:
    """The member's bank account, confirmed by the bank."""
    from accounts.cast import PEOPLE

    legal_name = next(person.legal_name for person in PEOPLE.values() if person.email == member.email)
    account = bank_account.add(party=member.party, number=sandbox.sample_number(serial), holder=legal_name, by=member.user, now=now)
    outbox.drain(now=now)
    account.refresh_from_db()
    return account


def pay_out(loan: Loan, *, proposer: Member, approver: Member, now: datetime) -> None:
    """Two people release the money and a worker sends it."""
    from tests.cast import alice

    borrower = alice()
    if not loan.party.bank_accounts.filter(verified_at__isnull=False).exists():
        verified_account(borrower, now=now)
    order = loan.disbursement
    order.refresh_from_db()
    disbursement.propose(order, by=proposer.user, now=now)
    disbursement.approve(order, by=approver.user, now=now)
    outbox.drain(now=timezone.now())


def morning_of(day: date, *, now: datetime) -> None:
    """Weeks later: the last night is closed in full, and every loan is replayed through those before it, as after a standstill."""
    eve_of = day - timedelta(days=1)
    if business_day.current() < eve_of:
        business_day.advance(to=eve_of, now=now)
        DayRun.objects.create(on=eve_of - timedelta(days=1), phase=DayRun.Phase.FINISHED, started_at=now, finished_at=now)
    delinquency.close_day(to=day, now=now)
