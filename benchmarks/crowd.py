"""Many investors and one loan, for benchmarks: people by bulk insert, the loan through the public operations."""

from datetime import datetime
from unittest.mock import patch
from zoneinfo import ZoneInfo

from django.db import connection
from django.test import override_settings
from django.utils import timezone

from accounts.cast import Member
from accounts.models import Membership, Party, Role, User
from core import business_day, outbox
from ledger import operations
from loans.models import Loan
from marketplace.models import Listing
from privacy import vault
from privacy.models import DataSubject
from tests import stories
from tests.cast import alice, bob, dan, fay

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def set_the_day() -> None:
    if business_day.current() != NOW.date():
        business_day.advance(to=NOW.date(), now=NOW)


def investors(count: int) -> list[Member]:
    """Verified investors with a user each, and a billion minor units in every wallet."""
    made = [_subject(number) for number in range(DataSubject.objects.count(), DataSubject.objects.count() + count)]
    DataSubject.objects.bulk_create(made, batch_size=1000)
    users = User.objects.bulk_create([User(email=f"{subject.pseudonym}@bench.example", subject=subject, joined_at=NOW) for subject in made], batch_size=1000)
    party = {"kind": "person", "name": "", "invests": True, "verified_at": NOW, "created_at": NOW}
    parties = Party.objects.bulk_create([Party(subject=subject, **party) for subject in made], batch_size=1000)
    Membership.objects.bulk_create(
        [Membership(user=user, party=each, role=Role.SIGN, created_at=NOW) for user, each in zip(users, parties, strict=True)], batch_size=1000
    )
    _enrich([each.pk for each in parties])
    return [Member(user, each) for user, each in zip(users, parties, strict=True)]


def _subject(number: int) -> DataSubject:
    subject = DataSubject(pseudonym=f"bench-{number}", kind="person", created_at=NOW)
    subject.key_id, subject.wrapped_key = vault.new_key(subject.pk)
    return subject


def _enrich(parties: list[int]) -> None:
    operations.post_from(
        """SELECT 'rich-party:' || i AS key, 'bank' AS debit_code, 'rail:sandbox' AS debit_owner, 'client_cash' AS credit_code, 'party:' || i AS credit_owner,
        'CNY' AS currency, 1000000000 AS amount, 'deposit' AS kind, '' AS reference, DATE '2026-03-01' AS booked_on FROM unnest(%s::bigint[]) i""",
        (parties,),
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def listing(*, amount: int) -> Listing:
    """An open listing of a loan of Alice's; its target may be raised beyond the product's limit by the caller."""
    income = patch.dict(stories.ANSWERS["finances"], income_monthly=str(max(amount, 1_500_000)))  # that carries it, so that it has a price under the cap
    with income, override_settings(OVERRIDE_TWO_PEOPLE_FROM=amount + 1):  # a second person's yes to so large a loan is not what is measured
        loan = stories.accepted_loan(alice(now=NOW), reviewer=dan(now=NOW), amount=amount, term_months=12, now=NOW)
    return Listing.objects.select_related("loan__agreement__offer__application", "loan__file").get(loan=loan)


def paid_out_loan(*, amount: int) -> Loan:
    """A loan of Alice's, funded by Bob and paid out."""
    opened = listing(amount=amount)
    stories.pay_in(bob(now=NOW), amount + opened.pk, now=NOW)  # another amount is another bank line
    stories.pledge(opened, bob(now=NOW), amount, now=NOW, key=f"bench-{opened.pk}")
    outbox.drain(now=timezone.now())
    stories.pay_out(Loan.objects.get(pk=opened.loan_id), proposer=fay(now=NOW), approver=dan(now=NOW), now=NOW)
    return Loan.objects.get(pk=opened.loan_id)


__all__ = ["NOW", "investors", "listing", "paid_out_loan", "set_the_day"]
