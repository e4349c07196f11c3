"""Timed work over many rows: one that fails stops no other, and leaves nothing behind."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError

from core import sweeps

pytestmark = pytest.mark.django_db
ROWS: Any = [SimpleNamespace(reference=f"XQ-{k}") for k in range(3)]


def write(row: Any) -> bool:
    Group.objects.create(name=row.reference)
    if row.reference == "XQ-1":
        raise ValueError(row.reference)
    return True


def test_the_others_go_on_and_the_log_names_the_one(caplog: pytest.LogCaptureFixture) -> None:
    assert sweeps.each(ROWS, write, what="listing past its time") == 2
    assert list(Group.objects.order_by("name").values_list("name", flat=True)) == ["XQ-0", "XQ-2"]
    (said,) = caplog.records
    assert "XQ-1" in said.getMessage()
    assert said.levelname == "ERROR"


def test_what_is_no_fault_of_the_row_ends_the_sweep() -> None:
    def lost(_row: Any) -> bool:
        raise OperationalError

    with pytest.raises(OperationalError):
        sweeps.each(ROWS, lost, what="listing")
