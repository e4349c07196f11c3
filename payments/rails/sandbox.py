"""The sandbox bank: a bank beside us with its own books on its own connection, and faults to order.

It commits every act at once (autocommit), so what it did stays done when our transaction rolls back, as with a real bank.
It pays once per key. Faults (`SandboxOrder`) are taken one at a time, oldest first, by key prefix; an order whose prefix begins with
"look_up:" or "verify:" meets look-ups and account checks, every other order meets payments.
"""

from __future__ import annotations

import hmac
import re
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connections, transaction
from django.db.models import F
from django.utils import timezone
from stdnum import luhn

from payments.models import SandboxLine, SandboxOrder, SandboxTransfer
from privacy import vault

from .base import AccountAnswer, Answer, PayoutRequest, RailConflict, RailTimeout, ReturnRequest, StatementLine
from .router import bank_alias

NAME = "sandbox"
Fault = SandboxOrder.Fault
REREAD = 200  # lines reported again: a line numbered earlier may have been committed later
_LINE_ID = re.compile(r"SB\d{12}")
DEFAULT_DELAY = 60  # seconds, for an order without its own


class SandboxClosed(Exception):
    """This installation has no sandbox."""

    code = "sandbox_closed"


def is_open() -> bool:
    return bool(settings.SIGNED_PACKS_SANDBOX)


def sample_number(serial: int) -> str:
    """A card number that passes the check digit and belongs to nobody: for the sample market, tests and the sandbox's help text."""
    body = f"622200{serial:012d}"
    return body + luhn.calc_check_digit(body)


class SandboxRail:
    """The bank as a rail. Stateless: everything it knows is in its tables."""

    name = NAME

    def send(self, request: PayoutRequest, *, now: datetime) -> Answer:
        known = SandboxTransfer.objects.filter(idempotency_key=request.key).exists()
        order = _take_order(request.key, among=[Fault.LOSE_ANSWER, Fault.LOSE_REQUEST] if known else list(Fault))
        if order and order.fault == Fault.LOSE_REQUEST:
            raise RailTimeout(request.key)
        transfer = _do(request, order=order, now=now)
        if order and order.fault == Fault.LOSE_ANSWER:
            SandboxTransfer.objects.filter(pk=transfer.pk).update(answers_lost=F("answers_lost") + 1)
            raise RailTimeout(request.key)
        return _answer(transfer)

    def give_back(self, request: ReturnRequest, *, now: datetime) -> Answer:
        """The account is the one the line came from, which only the bank knows."""
        place = PayoutRequest(key=request.key, account_number=f"line:{request.line_id}", holder="", amount=request.amount, currency=request.currency)
        return self.send(place, now=now)

    def look_up(self, key: str, *, now: datetime) -> Answer | None:
        if _take_order(f"look_up:{key}", prefixed="look_up:"):
            raise RailTimeout(key)
        transfer = SandboxTransfer.objects.filter(idempotency_key=key).first()
        return _answer(_ripen(transfer, now=now)) if transfer else None

    def verify_account(self, number: str, holder: str, *, now: datetime) -> AccountAnswer:
        order = _take_order(f"verify:{number[-4:]}", prefixed="verify:")
        if order and order.fault != Fault.REFUSE:
            raise RailTimeout("verify")
        if order or not holder.strip() or not luhn.is_valid(number):
            return AccountAnswer(confirmed=False, reason="holder_differs")
        return AccountAnswer(confirmed=True)

    def lines_since(self, cursor: str) -> list[StatementLine]:
        start = int(cursor[2:]) - REREAD if _LINE_ID.fullmatch(cursor) else 0
        lines = list(SandboxLine.objects.filter(pk__gt=start).order_by("pk"))
        key = vault.data_keys([vault.INSTALLATION]).get(vault.INSTALLATION)
        return [_line(row, key) for row in lines for _ in range(1 + row.repeats)]


def send_money(*, key: str, reference: str, amount: int, currency: str, now: datetime) -> str:
    """Somebody pays into the platform's account, quoting `reference`. Once per key. Returns the bank's line id. Raises SandboxClosed."""
    if not is_open():
        raise SandboxClosed(NAME)
    repeats = 1 if _take_order(key, among=[Fault.ANSWER_TWICE]) else 0
    words = vault.seal(vault.installation(), _place(key), reference.encode())
    fields = {"direction": "in", "amount": amount, "currency": currency, "words": words, "repeats": repeats, "at": now}
    SandboxLine.objects.bulk_create([SandboxLine(key=key, **fields)], ignore_conflicts=True)
    return _line_id(SandboxLine.objects.get(key=key))


def order(*, fault: str, key_prefix: str = "", times: int = 1, seconds: int = 0) -> SandboxOrder:
    """Orders a fault for the next `times` matching requests."""
    return SandboxOrder.objects.create(fault=fault, key_prefix=key_prefix, times=times, seconds=seconds)


def _do(request: PayoutRequest, *, order: SandboxOrder | None, now: datetime) -> SandboxTransfer:
    """The bank's act: one transfer per key, and its booking, together. Asked again, it only counts the asking."""
    index = vault.blind_index("sandbox_bank", request.account_number)
    with transaction.atomic(using=bank_alias()):
        made = SandboxTransfer(idempotency_key=request.key, account_index=index, amount=request.amount, currency=request.currency, at=now, asked=0)
        made.outcome, made.reason, made.pays_at = _verdict(order, now=now)
        SandboxTransfer.objects.bulk_create([made], ignore_conflicts=True)
        transfer = SandboxTransfer.objects.select_for_update().get(idempotency_key=request.key)
        if (transfer.amount, transfer.currency) != (request.amount, request.currency) or not hmac.compare_digest(bytes(transfer.account_index), index):
            raise RailConflict(request.key)
        SandboxTransfer.objects.filter(pk=transfer.pk).update(asked=F("asked") + 1)
        if transfer.outcome == "paid":
            _book(transfer, repeats=1 if order and order.fault == Fault.ANSWER_TWICE else 0, now=now)
    return transfer


def _verdict(order: SandboxOrder | None, *, now: datetime) -> tuple[str, str, datetime | None]:
    fault = order.fault if order else ""
    if order and fault == Fault.DELAY:
        return "delayed", "", now + timedelta(seconds=order.seconds or DEFAULT_DELAY)
    return ("refused", "account_closed", None) if fault == Fault.REFUSE else ("paid", "", None)


def _book(transfer: SandboxTransfer, *, repeats: int = 0, now: datetime) -> None:
    line = SandboxLine(
        key=transfer.idempotency_key,
        direction="out",
        amount=transfer.amount,
        currency=transfer.currency,
        reference=transfer.idempotency_key,
        repeats=repeats,
        at=now,
    )
    SandboxLine.objects.bulk_create([line], ignore_conflicts=True)


def _ripen(transfer: SandboxTransfer, *, now: datetime) -> SandboxTransfer:
    """A delayed transfer is paid once its time has come."""
    if transfer.outcome != "delayed" or transfer.pays_at is None or transfer.pays_at > now:
        return transfer
    with transaction.atomic(using=bank_alias()):
        if SandboxTransfer.objects.filter(pk=transfer.pk, outcome="delayed").update(outcome="paid"):
            _book(transfer, now=now)
    transfer.refresh_from_db()
    return transfer


def _answer(transfer: SandboxTransfer) -> Answer:
    outcome = transfer.outcome
    assert outcome in ("paid", "refused", "delayed")
    return Answer(outcome=outcome, reference=f"SBT{transfer.pk:010d}", reason=transfer.reason)  # type: ignore[arg-type]


def _place(key: str) -> str:
    return f"sandbox_bank.line:{key}"


def _line_id(row: SandboxLine) -> str:
    return f"SB{row.pk:012d}"


def _line(row: SandboxLine, key: bytes | None) -> StatementLine:
    """A booking as the statement has it; what a payer wrote is opened with the installation's key, read once for them all."""
    words = vault.open_with(key, vault.INSTALLATION, _place(row.key), bytes(row.words)).decode() if row.words and key else row.reference
    return StatementLine(
        line_id=_line_id(row),
        direction="in" if row.direction == "in" else "out",
        amount=row.amount,
        currency=row.currency,
        reference=words,
        booked_on=timezone.localdate(row.at),
    )


_TAKE = """
UPDATE payments_sandboxorder SET times = times - 1 WHERE id = (
    SELECT id FROM payments_sandboxorder
    WHERE times > 0 AND fault = ANY(%(faults)s) AND starts_with(%(key)s, key_prefix)
      AND CASE WHEN %(prefixed)s = '' THEN key_prefix !~ '^(look_up|verify):' ELSE starts_with(key_prefix, %(prefixed)s) END
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, fault, seconds
"""


def _take_order(key: str, *, among: list[Fault] | None = None, prefixed: str = "") -> SandboxOrder | None:
    """The oldest open order that meets this key, counted down in the same statement."""
    faults = [fault.value for fault in among or list(Fault)]
    with connections[bank_alias()].cursor() as cursor:
        cursor.execute(_TAKE, {"key": key, "faults": faults, "prefixed": prefixed})
        row = cursor.fetchone()
    return SandboxOrder(pk=row[0], fault=row[1], seconds=row[2]) if row else None
