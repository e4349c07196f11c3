"""What waits for staff, as the first page of their side: only what the reader may act on or look at, the most urgent first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.columns import waiting
from core import business_day
from core.models import Job
from loans.models import Adjustment, Application, Disbursement, Loan, Override, ParkedLoan
from payments.models import Payment


@dataclass(frozen=True)
class Todo:
    """One kind of thing that waits: how many, in words, where. `note` says how long or how much."""

    count: int
    title: str
    url: str
    note: str = ""


def todos(user: Any, *, now: datetime) -> list[Todo]:
    """The reader's desk."""
    found: list[Todo] = []
    if user.has_perm("loans.review_application"):
        found += _reviews(user, now=now)
    if user.has_perm("loans.propose_disbursement"):
        found.append(_payouts("prepared", _("Payouts to propose")))
    if user.has_perm("loans.approve_disbursement"):
        found.append(_payouts("proposed", _("Payouts to approve"), other_than=user))
    if user.has_perm("loans.approve_adjustment"):
        count = Adjustment.objects.filter(state="proposed").exclude(proposed_by=user).count()
        found.append(Todo(count, _("Entries on loans to confirm"), f"{reverse('admin:loans_adjustment_changelist')}?state__exact=proposed"))
    if user.has_perm("loans.confirm_override"):
        count = Override.objects.filter(state="proposed").exclude(proposed_by=user).count()
        found.append(Todo(count, _("Approvals against the scorecard to confirm"), f"{reverse('admin:loans_override_changelist')}?state__exact=proposed"))
    if user.has_perm("loans.release_loan"):
        count = ParkedLoan.objects.filter(released_at=None).count()
        found.append(Todo(count, _("Loans set aside by the end of day"), f"{reverse('admin:loans_parkedloan_changelist')}?released_at__isempty=1"))
    if user.has_perm("payments.match_receipt"):
        count = Payment.objects.filter(state="unmatched").count()
        found.append(Todo(count, _("Receipts nobody claimed"), f"{reverse('admin:payments_payment_changelist')}?state__exact=unmatched"))
    if user.has_perm("core.view_job"):
        count = Job.objects.filter(state="dead").count()
        found.append(Todo(count, _("Jobs given up"), f"{reverse('admin:core_job_changelist')}?state__exact=dead", _("Each waits for somebody to retry it.")))
    if user.has_perm("loans.view_loan"):
        count = Loan.objects.filter(state__in=["late", "defaulted"]).count()
        found.append(Todo(count, _("Loans late or in default"), f"{reverse('admin:loans_loan_changelist')}?state__in=late,defaulted"))
    return found


def _reviews(user: Any, *, now: datetime) -> list[Todo]:
    queue, page = Application.objects.filter(state="submitted"), reverse("admin:loans_application_changelist")
    oldest = queue.order_by("submitted_at").values_list("submitted_at", flat=True).first()
    note = _("The oldest waits for %(time)s.") % {"time": waiting(oldest, now=now)} if oldest else ""
    mine = Application.objects.filter(state="in_review", reviewer=user).count()
    return [Todo(queue.count(), _("Applications to review"), page, note), Todo(mine, _("Claimed by you"), f"{page}?queue=mine")]


def _payouts(state: str, title: str, *, other_than: Any = None) -> Todo:
    rows = Disbursement.objects.filter(state=state)
    own = rows.filter(proposed_by=other_than).count() if other_than else 0
    note = _("%(count)s more you proposed yourself; somebody else approves those.") % {"count": own} if own else ""
    return Todo(rows.count() - own, title, f"{reverse('admin:loans_disbursement_changelist')}?state__exact={state}", note)


def warnings() -> list[str]:
    """What staff should know before they begin: calendars that run out."""
    return business_day.staff_warnings()
