"""Where each month's statements end: fixed once, so that a statement reads the same whenever it is made."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _


class StatementCut(models.Model):
    """The last transfer that belongs to a month. What is entered later with an earlier day stands in the next month's statement."""

    month = models.DateField(unique=True)  # its first day
    last_transfer = models.BigIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("end of a month's statements")
        verbose_name_plural = _("ends of months' statements")
        triggers: ClassVar = [pgtrigger.Protect(name="statementcut_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]
