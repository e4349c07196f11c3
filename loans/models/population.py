"""How many people with the same seven coarse answers have applied here. Names nobody and points at nobody."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class PopulationCell(models.Model):
    """One combination of codes and the number of people in it; an empty code was not answered."""

    kind = models.CharField(max_length=10)
    region = models.CharField(max_length=10)
    industry = models.CharField(max_length=20)
    occupation = models.CharField(max_length=20)
    months_at_work = models.CharField(max_length=10)
    income_monthly = models.CharField(max_length=10)
    repayment_source = models.CharField(max_length=20)
    people = models.BigIntegerField()

    class Meta:
        verbose_name = _("cell of the population")
        verbose_name_plural = _("cells of the population")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "region", "industry", "occupation", "months_at_work", "income_monthly", "repayment_source"], name="loans_populationcell_once"
            ),
            models.CheckConstraint(name="loans_populationcell_people", condition=Q(people__gt=0)),
        ]
