"""What we tell people about their wallet and their bank accounts."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.outbox import JobContext, handles
from notifications import message
from notifications.catalogue import Template, register
from payments.models import BankAccount, Payment

register(
    Template(
        code="wallet.deposit_settled",
        kind="wallet",
        title=_("%(amount)s has arrived in your wallet"),
        text=_("Payment %(reference)s was booked on %(booked_on)s."),
        action=_("See the payment"),
    ),
    Template(
        code="wallet.withdrawal_settled",
        kind="wallet",
        title=_("%(amount)s was paid out to your bank account"),
        text=_("The bank has carried out withdrawal %(reference)s on %(booked_on)s."),
        action=_("See the payment"),
    ),
    Template(
        code="wallet.withdrawal_refused",
        kind="wallet",
        title=_("The bank refused your withdrawal"),
        text=_("Withdrawal %(reference)s was not paid. %(amount)s is in your wallet again. Check the bank account before you try once more."),
        action=_("See the payment"),
    ),
    Template(
        code="bank_account.verified",
        kind="security",
        title=_("A bank account was confirmed"),
        text=_("Account %(reference)s can now receive payouts from your wallet. If you did not add it, write to us at once."),
        action=_("See your bank accounts"),
    ),
    Template(
        code="bank_account.refused",
        kind="account",
        title=_("The bank did not confirm your account"),
        text=_("Account %(reference)s cannot be used: the bank says that the holder is somebody else, or that the number does not exist."),
        action=_("See your bank accounts"),
    ),
)
TOLD = {("deposit", "settled"), ("withdrawal", "settled"), ("withdrawal", "refused")}


@handles("payment.settled")
def on_settled(*, job: JobContext) -> None:
    """Money has arrived in a wallet, or at a bank account. Of a payout to a borrower the loan speaks (loans.notices)."""
    _tell(Payment.objects.get(pk=job.payload["payment"]), "settled", job=job)


@handles("payment.refused")
def on_refused(*, job: JobContext) -> None:
    _tell(Payment.objects.get(pk=job.payload["payment"]), "refused", job=job)


def _tell(payment: Payment, outcome: str, *, job: JobContext) -> None:
    if payment.party_id is None or (payment.kind, outcome) not in TOLD:
        return
    message.say_alike(
        template=f"wallet.{payment.kind}_{outcome}",
        key=job.key,
        parties=[payment.party_id],
        context={"reference": payment.reference, "amount": payment.amount, "currency": payment.currency, "booked_on": payment.booked_on.isoformat()},
        link=reverse("payments:payment", args=[payment.reference]),
        now=job.now,
    )


@handles("bank_account.decided")
def on_account_decided(*, job: JobContext) -> None:
    """The bank has confirmed the holder, or not."""
    account = BankAccount.objects.get(pk=job.payload["bank_account"])
    verdict = "verified" if account.verified_at else "refused"
    message.say_alike(
        template=f"bank_account.{verdict}",
        key=job.key,
        parties=[account.party_id],
        context={"reference": account.reference},
        link=reverse("payments:bank_accounts"),
        now=job.now,
    )
