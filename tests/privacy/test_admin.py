"""Staff read who, when and why; never what, and nothing is edited."""

import pytest
from django.contrib import admin
from django.contrib.admin.sites import site
from django.test import RequestFactory

from privacy.models import AccessLog, Consent, DataSubject, Matter, Notice, Segment
from tests import cast

MODELS = [AccessLog, Consent, DataSubject, Matter, Notice, Segment]


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_added_changed_or_deleted(model, db):
    request = RequestFactory().get("/")
    request.user = cast.fay().user
    request.user.is_superuser = True
    its_admin: admin.ModelAdmin = site._registry[model]
    assert not its_admin.has_add_permission(request)
    assert not its_admin.has_change_permission(request)
    assert not its_admin.has_delete_permission(request)


def test_no_key_leaves_through_the_admin(db):
    its_admin = site._registry[DataSubject]
    assert "wrapped_key" not in its_admin.get_fields(RequestFactory().get("/"))
