"""Timed work: the lines the bank has booked since we last looked."""

from celery import shared_task
from django.utils import timezone

from core import business_day
from payments import deposit, rails


@shared_task(name="payments.tasks.read_bank_lines")
def read_bank_lines() -> None:
    for rail in rails.names():
        deposit.read_lines(rail=rail, as_of=business_day.current(), now=timezone.now())
