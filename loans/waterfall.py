"""Where a payment goes: installments oldest first, parts in the product's order. Pure: no clock, no database.

For each payment, first what is due on its date, then what is not yet due. `allocate` replays all payments from the start,
so a backdated payment is a new call with one more payment, never an edit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

Part = Literal["penalty", "fee", "interest", "principal"]
ChargeKind = Literal["penalties", "fees"]
Overpayment = Literal["hold", "next", "last", "recast"]
PARTS: tuple[Part, ...] = get_args(Part)
STANDARD_ORDER = "due:penalty,fee,interest,principal;advance:penalty,fee,interest,principal"


class UnableToAllocate(Exception):
    """The input cannot be allocated. `.field` names the offending value, `.message` says why (English, no personal data)."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Due:
    """One installment as agreed, in minor units."""

    due_on: date
    principal: int
    interest: int


@dataclass(frozen=True, slots=True)
class Charge:
    kind: ChargeKind
    due_on: date
    amount: int


@dataclass(frozen=True, slots=True)
class Payment:
    on: date
    amount: int


@dataclass(frozen=True, slots=True)
class Order:
    """Which part is paid first, for what is past due, due, and not yet due."""

    past_due: tuple[Part, ...]
    due: tuple[Part, ...]
    advance: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """An amount by part, in minor units."""

    principal: int = 0
    interest: int = 0
    fees: int = 0
    penalties: int = 0

    @property
    def total(self) -> int:
        return self.principal + self.interest + self.fees + self.penalties


@dataclass(frozen=True, slots=True)
class Standing:
    """One installment after all payments. `in_advance` and `late` compare each payment with the installment's due date."""

    number: int
    due_on: date
    owed: Split
    settled: Split
    in_advance: int
    late: int
    paid_off_on: date | None

    @property
    def outstanding(self) -> int:
        return self.owed.total - self.settled.total


@dataclass(frozen=True, slots=True)
class Portion:
    """One payment by part; `by_installment` tells (installment number, split) in the order paid."""

    on: date
    amount: int
    split: Split
    by_installment: tuple[tuple[int, Split], ...]


@dataclass(frozen=True, slots=True)
class Allocation:
    installments: tuple[Standing, ...]
    portions: tuple[Portion, ...]
    overpaid: int


@dataclass(slots=True)
class Claim:
    """What one installment still asks for one part; charges of different dates are different claims. `index` counts installments from 0."""

    index: int
    part: Part
    due_on: date
    left: int


_Paid = tuple[int, date, Claim, int]  # payment's place, its date, the claim, the amount


def parse_order(text: str) -> Order:
    """`due:penalty,fee,interest,principal;advance:…`, optionally begun by `past_due:…;` (which otherwise equals due)."""
    sections: dict[str, tuple[Part, ...]] = {}
    for section in text.split(";"):
        name, colon, listed = section.strip().partition(":")
        parts = tuple(part.strip() for part in listed.split(","))
        if not colon or name in sections or name not in ("past_due", "due", "advance"):
            raise UnableToAllocate("order", "needs the sections due and advance, and may begin with past_due")
        if sorted(parts) != sorted(PARTS):
            raise UnableToAllocate("order", f"{name} must name each of {', '.join(PARTS)} once")
        sections[name] = tuple(part for wanted in parts for part in PARTS if part == wanted)
    if list(sections) not in (["due", "advance"], ["past_due", "due", "advance"]):
        raise UnableToAllocate("order", "needs the sections due and advance, and may begin with past_due")
    return Order(sections.get("past_due", sections["due"]), sections["due"], sections["advance"])


def allocate(
    *,
    schedule: Sequence[Due],
    payments: Sequence[Payment],
    charges: Sequence[Charge] = (),
    order: Order | str = STANDARD_ORDER,
    overpayment: Overpayment = "hold",
) -> Allocation:
    """Divide `payments` (taken in order of date, then as given) over `schedule` and `charges`.

    What exceeds what is due goes to the installments not yet due: oldest first (`hold`, `next`), newest first (`last`),
    or in equal shares over all of them (`recast`). What exceeds all that is owed is `overpaid`. Raises `UnableToAllocate`.
    """
    order = parse_order(order) if isinstance(order, str) else order
    _check(schedule, charges, payments, overpayment)
    claims = _claims(schedule, charges)
    paid: list[_Paid] = []
    overpaid = 0
    for place, payment in sorted(enumerate(payments), key=lambda item: item[1].on):
        left = payment.amount
        for claim, amount in take(claims, payment, order, overpayment):
            paid.append((place, payment.on, claim, amount))
            left -= amount
        overpaid += left
    return Allocation(_standings(schedule, claims, paid), _portions(payments, paid), overpaid)


def _check(schedule: Sequence[Due], charges: Sequence[Charge], payments: Sequence[Payment], overpayment: str) -> None:
    if not schedule:
        raise UnableToAllocate("schedule", "needs at least one installment")
    if overpayment not in get_args(Overpayment):
        raise UnableToAllocate("overpayment", f"must be one of {', '.join(get_args(Overpayment))}")
    for k, due in enumerate(schedule):
        for name, amount in (("principal", due.principal), ("interest", due.interest)):
            if amount < 0:
                raise UnableToAllocate(f"schedule[{k}].{name}", "must not be negative")
        if k and due.due_on < schedule[k - 1].due_on:
            raise UnableToAllocate(f"schedule[{k}].due_on", "must not be before the installment before it")
    for k, charge in enumerate(charges):
        if charge.kind not in get_args(ChargeKind):
            raise UnableToAllocate(f"charges[{k}].kind", f"must be one of {', '.join(get_args(ChargeKind))}")
        if charge.amount < 0:
            raise UnableToAllocate(f"charges[{k}].amount", "must not be negative")
    for k, payment in enumerate(payments):
        if payment.amount <= 0:
            raise UnableToAllocate(f"payments[{k}].amount", "must be positive")


def _claims(schedule: Sequence[Due], charges: Sequence[Charge]) -> list[Claim]:
    """A charge belongs to the first installment due on or after it, else to the last, and is due from its own date."""
    claims = [Claim(k, "principal", due.due_on, due.principal) for k, due in enumerate(schedule)]
    claims += [Claim(k, "interest", due.due_on, due.interest) for k, due in enumerate(schedule)]
    for charge in charges:
        home = next((k for k, due in enumerate(schedule) if due.due_on >= charge.due_on), len(schedule) - 1)
        claims.append(Claim(home, "penalty" if charge.kind == "penalties" else "fee", charge.due_on, charge.amount))
    return claims


def take(claims: list[Claim], payment: Payment, order: Order, overpayment: Overpayment) -> list[tuple[Claim, int]]:
    """Pay claims from `payment`, reducing them; the pieces in the order paid. The last may leave part of the payment over."""
    pieces: list[tuple[Claim, int]] = []
    left = payment.amount
    waiting = [claim for claim in claims if claim.left]
    if order.past_due != order.due:
        left -= _pay(_sorted((c for c in waiting if c.due_on < payment.on), order.past_due), left, pieces)
    left -= _pay(_sorted((c for c in waiting if c.due_on <= payment.on), order.due), left, pieces)
    future = _sorted((c for c in waiting if c.due_on > payment.on), order.advance)
    if overpayment == "recast":
        _pay_evenly(future, left, pieces)
    else:
        _pay(sorted(future, key=lambda c: -c.index) if overpayment == "last" else future, left, pieces)
    return pieces


def _sorted(claims: Iterable[Claim], parts: tuple[Part, ...]) -> list[Claim]:
    return sorted(claims, key=lambda claim: (claim.index, parts.index(claim.part), claim.due_on))


def _pay(claims: Iterable[Claim], budget: int, pieces: list[tuple[Claim, int]]) -> int:
    spent = 0
    for claim in claims:
        amount = min(claim.left, budget - spent)
        if amount:
            claim.left -= amount
            spent += amount
            pieces.append((claim, amount))
    return spent


def _pay_evenly(claims: list[Claim], budget: int, pieces: list[tuple[Claim, int]]) -> None:
    """Rounds of equal shares over the installments with something left; the last takes what division leaves over."""
    while budget and (homes := sorted({claim.index for claim in claims if claim.left})):
        share, extra = divmod(budget, len(homes))
        for home in homes:
            mine = share + (extra if home == homes[-1] else 0)
            budget -= _pay([claim for claim in claims if claim.index == home], mine, pieces)


def split_of(pieces: Iterable[tuple[Part, int]]) -> Split:
    sums = dict.fromkeys(PARTS, 0)
    for part, amount in pieces:
        sums[part] += amount
    return Split(principal=sums["principal"], interest=sums["interest"], fees=sums["fee"], penalties=sums["penalty"])


def _portions(payments: Sequence[Payment], paid: list[_Paid]) -> tuple[Portion, ...]:
    places: list[dict[int, list[tuple[Part, int]]]] = [{} for _ in payments]
    for place, _, claim, amount in paid:
        places[place].setdefault(claim.index, []).append((claim.part, amount))
    return tuple(
        Portion(
            payment.on,
            payment.amount,
            split_of(piece for pieces in homes.values() for piece in pieces),
            tuple((home + 1, split_of(pieces)) for home, pieces in homes.items()),
        )
        for payment, homes in zip(payments, places, strict=True)
    )


def _standings(schedule: Sequence[Due], claims: list[Claim], paid: list[_Paid]) -> tuple[Standing, ...]:
    settled: list[list[tuple[date, Claim, int]]] = [[] for _ in schedule]
    open_claims: list[list[Claim]] = [[] for _ in schedule]
    for _, on, claim, amount in paid:
        settled[claim.index].append((on, claim, amount))
    for claim in claims:
        open_claims[claim.index].append(claim)
    return tuple(_standing(k, due, open_claims[k], settled[k]) for k, due in enumerate(schedule))


def _standing(index: int, due: Due, claims: list[Claim], pieces: list[tuple[date, Claim, int]]) -> Standing:
    settled = split_of((claim.part, amount) for _, claim, amount in pieces)
    left = split_of((claim.part, claim.left) for claim in claims)
    owed = Split(*(getattr(settled, name) + getattr(left, name) for name in ("principal", "interest", "fees", "penalties")))
    return Standing(
        number=index + 1,
        due_on=due.due_on,
        owed=owed,
        settled=settled,
        in_advance=sum(amount for on, _, amount in pieces if on < due.due_on),
        late=sum(amount for on, _, amount in pieces if on > due.due_on),
        paid_off_on=max(on for on, _, _ in pieces) if pieces and not left.total else None,
    )
