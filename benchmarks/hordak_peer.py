"""django-hordak books the same repayment, in a process of its own with settings of its own: one line of JSON in, one out.

The first line brings the database and the holders' parts; its tables are made there. Then each line `[way, amount]` is one repayment, shared out by
largest remainder in integers and committed durably in one database transaction; the answer is the seconds it took.

one    one balanced hordak transaction with a leg for every holder, as a repayment is one business fact
many   a hordak transaction of two legs for every holder, whose checks are cheaper: the balance of each is checked by itself
"""

import json
import sys
import time
from collections.abc import Sequence
from typing import Any

import django
from django.conf import settings

APPS = ["django.contrib.contenttypes", "mptt", "djmoney", "hordak"]
BATCH = 5000


def split(amount: int, parts: Sequence[int]) -> list[int]:
    """Largest remainder, in minor units."""
    whole = sum(parts)
    shares = [amount * part // whole for part in parts]
    order = sorted(range(len(parts)), key=lambda n: (-(amount * parts[n] % whole), n))
    for n in order[: amount - sum(shares)]:
        shares[n] += 1
    return shares


def prepare(holders: int) -> tuple[Any, list[Any]]:
    """Hordak's tables, the borrower's account and one of every holder. Each is a tree of one, written at once: its own way takes a minute a thousand."""
    from django.core.management import call_command
    from hordak.models import Account

    call_command("migrate", "hordak", verbosity=0)
    start = Account.objects.count()
    liabilities = [
        Account(name=f"h{n}", code=str(n), full_code=str(n), type="LI", currencies=["CNY"], lft=1, rght=2, tree_id=n + 1, level=0)
        for n in range(start, start + holders + 1)
    ]
    borrower, *rest = Account.objects.bulk_create(liabilities, batch_size=BATCH)
    return borrower, rest


def one(borrower: Any, paid: list[tuple[Any, int]]) -> None:
    from djmoney.money import Money
    from hordak.models import Leg, Transaction

    made = Transaction.objects.create()
    legs = [Leg(transaction=made, account=borrower, debit=_money(Money, sum(share for _holder, share in paid)))]
    legs += [Leg(transaction=made, account=holder, credit=_money(Money, share)) for holder, share in paid]
    Leg.objects.bulk_create(legs, batch_size=BATCH)


def many(borrower: Any, paid: list[tuple[Any, int]]) -> None:
    from djmoney.money import Money
    from hordak.models import Leg, Transaction

    made = Transaction.objects.bulk_create([Transaction() for _ in paid], batch_size=BATCH)
    legs = [Leg(transaction=each, account=borrower, debit=_money(Money, share)) for each, (_holder, share) in zip(made, paid, strict=True)]
    legs += [Leg(transaction=each, account=holder, credit=_money(Money, share)) for each, (holder, share) in zip(made, paid, strict=True)]
    Leg.objects.bulk_create(legs, batch_size=BATCH)


def _money(money: Any, minor_units: int) -> Any:
    from decimal import Decimal

    return money(Decimal(minor_units) / 100, "CNY")


def serve() -> None:
    from django.db import transaction

    order = json.loads(sys.stdin.readline())
    settings.configure(
        DATABASES={"default": order["database"]},
        INSTALLED_APPS=APPS,
        SECRET_KEY="bench",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        HORDAK_INTERNAL_CURRENCY="CNY",
        HORDAK_CURRENCIES=["CNY"],
    )
    django.setup()
    borrower, holders = prepare(len(order["parts"]))
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        way, amount = json.loads(line)
        began = time.perf_counter()
        with transaction.atomic():
            shares = zip(holders, split(amount, order["parts"]), strict=True)
            {"one": one, "many": many}[way](borrower, [(holder, share) for holder, share in shares if share])
        print(json.dumps(time.perf_counter() - began), flush=True)


if __name__ == "__main__":
    serve()
