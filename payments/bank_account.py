"""A party's bank accounts: added by number, confirmed by the rail, retired. Money is paid out to nothing else.

The number is sealed, found again by a blind index, and shown by its last four digits.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise
from stdnum import luhn

from accounts import audit
from accounts.models import IdentityCheck, Party, User
from core import outbox
from core.refusals import Conflict
from payments import rails
from payments.models import BankAccount
from payments.rails.base import RailTimeout
from privacy import vault

SCOPE = "payments.bank_account.number"
SHORTEST, LONGEST = 16, 19
ASK_AGAIN_SECONDS = 30


class InvalidNumber(Exception):
    """Not the number of a bank card: 16 to 19 digits, the last one a check digit."""

    code = "invalid_number"
    message: StrOrPromise = _("Check the card number: it has 16 to 19 digits, and one of them does not fit.")


class UnableToAdd(Conflict):
    """The account cannot be added for this party. `code`: not_verified, holder_differs, known."""

    def __init__(self, code: str, message: StrOrPromise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


class UnableToRetire(Conflict):
    code = "payment_under_way"
    message = _("A payment to this account is under way. You can retire it when the bank has answered.")


def clean_number(text: str) -> str:
    """Plain digits of a card number; full-width digits, spaces and hyphens are fine. Raises InvalidNumber. Check digit: ISO/IEC 7812-1 (Luhn)."""
    plain = unicodedata.normalize("NFKC", text[:100])
    number = "".join(character for character in plain if not character.isspace() and character not in "-‐‑‒–—−")
    if not (number.isascii() and number.isdecimal() and SHORTEST <= len(number) <= LONGEST and luhn.is_valid(number)):
        raise InvalidNumber
    return number


def live(party: Party) -> QuerySet[BankAccount]:
    """The party's accounts that are not retired, newest first."""
    return BankAccount.objects.filter(party=party, retired_at=None).order_by("-created_at", "-pk")


def usable(party: Party) -> QuerySet[BankAccount]:
    """Accounts money may be paid out to."""
    return live(party).filter(verified_at__isnull=False)


def add(*, party: Party, number: str, holder: str, by: User, now: datetime, rail: str = "") -> BankAccount:
    """A new account of the party; the rail is asked to confirm it by a job.

    Raises InvalidNumber; UnableToAdd when the party's identity is not verified, the holder is somebody else, or the account is there already.
    """
    plain = clean_number(number)
    _check_holder(party, holder, now=now)
    account = BankAccount(
        party=party,
        rail=rail or rails.DEFAULT,
        holder_name=holder.strip(),
        number=plain,
        number_index=vault.blind_index(SCOPE, plain),
        last4=plain[-4:],
        created_at=now,
    )
    try:
        with transaction.atomic():
            account.save(force_insert=True)
            audit.record(actor=by, action="bank_account.add", target=account.reference, now=now)
            _ask_to_verify(account)
    except IntegrityError as error:
        if BankAccount.objects.filter(party=party, number_index=account.number_index, retired_at=None).exists():
            raise UnableToAdd("known", _("This account is on your list already.")) from error
        raise
    return account


def _check_holder(party: Party, holder: str, *, now: datetime) -> None:
    """The name the bank will compare is the name we verified: money leaves only to the party itself."""
    check = IdentityCheck.objects.filter(party=party, state="verified").first()
    if check is None:
        raise UnableToAdd("not_verified", _("Verify your identity first. Money is paid out only to an account in your verified name."))
    verified = vault.open_sealed(check, ["legal_name"], engine="payments.bank_account", purpose="wallet", now=now)["legal_name"]
    if _folded(holder) != _folded(verified):
        raise UnableToAdd("holder_differs", _("The account holder must be the verified name, exactly as on the identity document."))


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).split()).casefold()


def _ask_to_verify(account: BankAccount) -> None:
    outbox.enqueue("bank_account.verify", key=f"bank_account.verify:{account.pk}", payload={"bank_account": account.pk})


def verify(*, account_id: int, now: datetime) -> bool:
    """Asks the rail whether the holder holds the account, and writes the verdict down once. False: the rail did not answer, ask again."""
    with transaction.atomic():
        account = BankAccount.objects.select_for_update(no_key=True).get(pk=account_id)
        if account.state != "pending":
            return True
        opened = vault.open_sealed(account, ["number", "holder_name"], engine="payments.rail", purpose="wallet", now=now)
        try:
            answer = rails.get(account.rail).verify_account(opened["number"], opened["holder_name"], now=now)
        except RailTimeout:
            return False
        verdict = {"verified_at": now} if answer.confirmed else {"refused_at": now}
        BankAccount.objects.filter(pk=account.pk).update(**verdict)
        outbox.enqueue("bank_account.decided", key=f"bank_account.decided:{account.pk}", payload={"bank_account": account.pk})
    return True


@outbox.handles("bank_account.verify")
def verify_job(*, job: outbox.JobContext) -> outbox.RetryLater | None:
    if verify(account_id=job.payload["bank_account"], now=job.now):
        return None
    return outbox.RetryLater(ASK_AGAIN_SECONDS, "rail_timeout")


def retire(*, account: BankAccount, by: User, now: datetime) -> None:
    """No money goes there any more. Raises UnableToRetire while a payment to it has no outcome. Twice is once."""
    with transaction.atomic():
        held = BankAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
        if held.retired_at:
            return
        if held.payments.filter(state__in=["created", "sent", "unknown"]).exists():
            raise UnableToRetire
        BankAccount.objects.filter(pk=held.pk).update(retired_at=now)
        audit.record(actor=by, action="bank_account.retire", target=held.reference, now=now)
    account.retired_at = now
