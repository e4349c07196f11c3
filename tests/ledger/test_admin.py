"""Staff read the books and cannot write them."""

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.test import RequestFactory

from ledger.models import Account, Transfer
from tests.ledger.conftest import BOB, Till

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", [Account, Transfer])
def test_nothing_can_be_added_changed_or_deleted(rf: RequestFactory, till: Till, model: type) -> None:
    till.deposit(BOB, 10_00)
    request = rf.get("/")
    request.user = get_user_model()(is_staff=True, is_superuser=True, is_active=True)
    page = admin.site._registry[model]
    assert page.has_view_permission(request)
    assert [page.has_add_permission(request), page.has_change_permission(request), page.has_delete_permission(request)] == [False] * 3
    assert page.get_actions(request) == {}
    shown = page.changelist_view(request).render().content.decode()
    assert ("party:2" if model is Account else "test:1") in shown
    row = model.objects.first()
    assert "10.00" in page.change_view(request, str(row.pk)).render().content.decode()
