"""What goes out: applications, offers and loans as a program reads them. Amounts in minor units of `currency`, rates as fractions."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from core.api.fields import Amount, Event, Moment, Rate, Reference, Reply
from loans import application as applications
from loans.models import Application, Loan, Offer
from loans.offer import preview


class FundsItem(Reply):
    """One line of what the money is for."""

    label = serializers.CharField()  # type: ignore[assignment]  # a field, popped by the metaclass
    amount = Amount()


class DocumentRow(Reply):
    """An uploaded document, cleaned and encrypted; the person's own copy is on the page."""

    reference = Reference()
    kind = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    uploaded_at = Moment()


class ApplicationRow(Reply):
    """An application of the acting party. What is not filled in yet is empty or null."""

    reference = Reference()
    state = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    purpose = serializers.CharField(allow_blank=True)
    amount = Amount(allow_null=True)
    currency = serializers.CharField()
    term_months = serializers.IntegerField(allow_null=True)
    method = serializers.CharField(allow_blank=True)
    created_at = Moment()
    saved_at = Moment()
    submitted_at = Moment(allow_null=True)
    decided_at = Moment(allow_null=True)


class ApplicationDetail(ApplicationRow):
    """An application, how far it is, and what happened to it. `sections`: which are complete. `offer`: the newest one."""

    summary = serializers.CharField(allow_blank=True)
    language = serializers.CharField()
    funds = FundsItem(many=True, source="funds.all")
    sections = serializers.SerializerMethodField()
    documents = serializers.SerializerMethodField()
    events = Event(many=True, source="timeline")
    offer = serializers.SerializerMethodField()

    def get_sections(self, found: Application) -> dict[str, bool]:
        return applications.progress(found, now=timezone.now())

    def get_documents(self, found: Application) -> DocumentRow(many=True):  # type: ignore[valid-type]  # read by the schema
        return DocumentRow(found.documents.filter(removed_at=None).order_by("uploaded_at"), many=True).data

    def get_offer(self, found: Application) -> str | None:
        return found.offers.order_by("-made_at").values_list("reference", flat=True).first()


class Reason(Reply):
    """One of the scorecard's reasons, strongest first."""

    text = serializers.CharField()
    points_lost = serializers.FloatField(source="lost")
    value = serializers.CharField(help_text="Your own figure.")
    way = serializers.CharField(help_text="What would have been approved instead; empty when nothing of the kind would.")


class Reasons(Reply):
    """Why the scorecard decided as it did. You may ask for another look by a person."""

    reasons = Reason(many=True)


class PlanRow(Reply):
    """One installment as it would be, without its date."""

    number = serializers.IntegerField()
    principal = Amount()
    interest = Amount()
    total = Amount()


class OfferRow(Reply):
    """A binding offer: the platform stands by it until it expires. `apr` counts all costs and is held under `cap`."""

    reference = Reference()
    application = Reference(source="application.reference")
    state = serializers.CharField()
    principal = Amount()
    currency = serializers.CharField()
    term_months = serializers.IntegerField()
    method = serializers.CharField()
    annual_rate = Rate()
    apr = Rate()
    cap = Rate()
    grade = serializers.CharField()
    origination_fee = Amount()
    penalty_rate = Rate()
    grace_days = serializers.IntegerField()
    made_at = Moment()
    expires_at = Moment()
    answered_at = Moment(allow_null=True)


class OfferDetail(OfferRow):
    """An offer with its key facts and its schedule."""

    paid_out = serializers.SerializerMethodField(help_text=_("What arrives: the principal less the fee."))
    total_interest = serializers.SerializerMethodField()
    schedule = serializers.SerializerMethodField()

    def get_paid_out(self, offer: Offer) -> int:
        return offer.principal - offer.origination_fee

    def get_total_interest(self, offer: Offer) -> int:
        return preview(offer).totals.interest

    def get_schedule(self, offer: Offer) -> PlanRow(many=True):  # type: ignore[valid-type]  # read by the schema
        return PlanRow(preview(offer).installments, many=True).data


class Signed(Reply):
    """After a signature: the loan, or null while other signatures are awaited."""

    offer = Reference()
    loan = Reference(allow_null=True)


class LoanRow(Reply):
    """A loan of the acting party."""

    reference = Reference()
    state = serializers.CharField()
    days_late = serializers.IntegerField()
    principal = Amount()
    currency = serializers.CharField()
    annual_rate = Rate()
    term_months = serializers.IntegerField()
    method = serializers.CharField()
    created_at = Moment()
    disbursed_on = serializers.DateField(allow_null=True)
    closed_on = serializers.DateField(allow_null=True)


class LoanDetail(LoanRow):
    """A loan and what is owed today: `due` should have been paid by now, `open` is left in the whole contract."""

    agreement = Reference(source="agreement.reference")
    penalty_rate = Rate()
    grace_days = serializers.IntegerField()
    due = Amount(source="owed.due")
    open = Amount(source="owed.all")
    next_due_on = serializers.DateField(source="owed.next_due_on", allow_null=True)
    next_amount = Amount(source="owed.next_amount")


class InstallmentRow(Reply):
    """What is owed on one date, and how much of it has been paid."""

    number = serializers.IntegerField()
    due_on = serializers.DateField()
    principal = Amount()
    interest = Amount()
    balance_after = Amount()
    paid_principal = Amount()
    paid_interest = Amount()
    waived_interest = Amount()
    paid_on = serializers.DateField(allow_null=True)


class Schedule(Reply):
    """Every installment, from disbursement on; empty before."""

    currency = serializers.CharField()
    installments = serializers.SerializerMethodField()

    def get_installments(self, loan: Loan) -> InstallmentRow(many=True):  # type: ignore[valid-type]  # read by the schema
        return InstallmentRow(loan.installments.order_by("number"), many=True).data


class RepaymentRow(Reply):
    """A repayment, and what it was divided into."""

    reference = Reference()
    kind = serializers.CharField()
    amount = Amount()
    currency = serializers.CharField(source="loan.currency")
    principal = Amount()
    interest = Amount()
    fees = Amount()
    penalties = Amount()
    paid_on = serializers.DateField()


class Quote(Reply):
    """What closes the loan on that day. `saved` is interest not yet earned, which is waived."""

    as_of = serializers.DateField()
    currency = serializers.CharField()
    principal = Amount()
    interest = Amount()
    fees = Amount()
    penalties = Amount()
    total = Amount()
    saved = Amount()


def as_dict(record: Any, **extra: Any) -> dict[str, Any]:
    """A frozen record and what stands beside it."""
    return {name: getattr(record, name) for name in (*record.__dataclass_fields__, *_PROPERTIES) if hasattr(record, name)} | extra


_PROPERTIES = ("total",)
