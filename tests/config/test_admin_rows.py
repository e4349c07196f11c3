"""Addresses of the admin site that name a row by its number: what is no number, or too large for one, is nothing to be found, and never a fault."""

import pytest

from accounts import cast as makers
from accounts import roles
from tests.cast import client_of
from tests.config.matrix.reading import entries
from tests.loans.trouble import START, servicer

pytestmark = pytest.mark.django_db
OURS = sorted({route for _name, route in entries() if "<path:object_id>/" in route and not route.endswith(("/change/", "/delete/", "/history/", "_id>/"))})

ACTS = ("approve", "confirm", "to_court", "let_through")  # a desk that looks at the act first knows one of them


def test_what_is_no_number_names_no_row():
    everything = servicer(now=START)
    for role in roles.ROLES:
        makers._make_staff(everything.user, role)
    client = client_of(everything)
    assert len(OURS) >= 10
    for route in OURS:
        for name in ("no-such", "1/2", "9" * 40):
            page = "/" + route.replace("<path:object_id>", name).replace("<str:reference>", "XX-1")
            answers = [client.get(page).status_code, *(client.post(page, {"act": act}).status_code for act in ACTS)]
            assert 404 in answers, (page, answers)
            assert set(answers) <= {403, 404}, (page, answers)
