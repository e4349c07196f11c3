"""Addresses of the admin site that name a row by its number: what is no number, or too large for one, is nothing to be found, and never a fault."""

import re

import pytest

from accounts import cast as makers
from accounts import roles
from accounts.models import User
from loans import ladder
from privacy import desk, restriction
from tests import cast, stories
from tests.cast import client_of
from tests.config.matrix.reading import entries
from tests.loans.trouble import START, servicer

pytestmark = pytest.mark.django_db
OURS = sorted({route for _name, route in entries() if "<path:object_id>/" in route and not route.endswith(("/change/", "/delete/", "/history/", "_id>/"))})

ACTS = ("approve", "confirm", "to_court", "let_through")  # a desk that looks at the act first knows one of them


def test_whoever_may_look_and_not_act_is_shown_no_way_that_is_closed():
    """The auditor reads every list; a reference leads to its desk only for whoever may open it."""
    anna = cast.eve(now=START)
    makers._make_staff(anna.user, roles.AUDITOR)
    User.objects.filter(pk=anna.user.pk).update(is_staff=True)
    alice = cast.alice(now=START)
    asked = desk.receive(subject=alice.user.subject, kind="correct", message="My name.", locale="en", now=START)
    lock = restriction.restrict(subject=cast.carol(now=START).user.subject, ground="disputed", why="Says so.", by=None, now=START)
    case = ladder.open_case(stories.draft(alice, amount=4_800_000, term_months=6, now=START), question="work", by=cast.dan(now=START).user, now=START)
    lists = {"privacy/rightsrequest": asked, "privacy/restriction": lock, "loans/laddercase": case}
    reader = client_of(anna)
    for name, row in lists.items():
        html = reader.get(f"/admin/{name}/").content.decode()
        main = html[html.index('id="content"') :]
        assert row.reference in main, name
        assert [way for way in set(re.findall(r'href="(/[^"?#]+)"', main)) if reader.get(way).status_code == 403] == []
    assert f"/desk/{case.reference}/" in client_of(cast.dan()).get("/admin/loans/laddercase/").content.decode()


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
