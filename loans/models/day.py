"""The end of a business day: the run, its shards, what the book held that night, orders to collect, loans set aside."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from loans.models.loan import Loan


class DayRun(models.Model):
    """The close of one business day. Its phase moves forward only, in the transaction that finished the one before."""

    class Phase(models.IntegerChoices):
        CLOSING = 1, _("Closing the day")
        COLLECTING = 2, _("Collecting what falls due")
        PROVING = 3, _("Proving the books")
        FINISHED = 4, _("Finished")

    on = models.DateField(unique=True)
    phase = models.IntegerField(choices=Phase, default=Phase.CLOSING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    figures = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("end-of-day run")
        verbose_name_plural = _("end-of-day runs")
        constraints: ClassVar = [
            models.CheckConstraint(name="loans_dayrun_finished", condition=Q(phase=4, finished_at__isnull=False) | (~Q(phase=4) & Q(finished_at=None))),
        ]

    def __str__(self) -> str:
        return str(self.on)


class DayShard(models.Model):
    """A stretch of ids one worker does in one transaction: loans to close, or orders to collect."""

    run = models.ForeignKey(DayRun, on_delete=models.CASCADE, related_name="shards")
    phase = models.IntegerField()
    number = models.IntegerField()
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    done = models.BooleanField(default=False)
    figures = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("part of a run")
        verbose_name_plural = _("parts of a run")
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "phase", "number"], name="loans_dayshard_number")]


class DayBook(models.Model):
    """What the whole book held when a day was closed, by currency and bucket of days late: counts and sums, minor units."""

    run = models.ForeignKey(DayRun, on_delete=models.CASCADE, related_name="book")
    on = models.DateField()
    currency = models.CharField(max_length=3)
    bucket = models.CharField(max_length=8)
    loans = models.IntegerField()
    outstanding = models.BigIntegerField()
    accrued = models.BigIntegerField()  # interest earned, paid or not, since the beginning
    provision = models.BigIntegerField()

    class Meta:
        verbose_name = _("day book")
        verbose_name_plural = _("day books")
        constraints: ClassVar = [models.UniqueConstraint(fields=["on", "currency", "bucket"], name="loans_daybook_once")]

    def __str__(self) -> str:
        return f"{self.on} {self.bucket}"


class AutopayOrder(models.Model):
    """To be taken from a borrower's wallet for one loan on one day, decided for all wallets at once before the first is touched."""

    run = models.ForeignKey(DayRun, on_delete=models.CASCADE, related_name="orders")
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="autopay_orders")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()
    affordable = models.BooleanField()
    outcome = models.CharField(max_length=24, blank=True)  # paid, or why not

    class Meta:
        verbose_name = _("autopay order")
        verbose_name_plural = _("autopay orders")
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "loan"], name="loans_autopayorder_once")]


class ParkedLoan(models.Model):
    """A loan the end of day could not close. The run went on; a person looks at it and lets it catch up."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="parkings")
    on = models.DateField()
    reason = models.CharField(max_length=200)
    parked_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("parked loan")
        verbose_name_plural = _("parked loans")
        constraints: ClassVar = [models.UniqueConstraint(fields=["loan"], condition=Q(released_at=None), name="loans_parkedloan_one")]
        permissions: ClassVar = [("release_loan", "Can let parked loans catch up")]

    def __str__(self) -> str:
        return str(self.loan)
