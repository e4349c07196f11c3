"""Who decides about an application is a stranger to it: staff who borrow beside the borrower take no part in it."""

import pytest
from django.utils import timezone

from accounts.models import Party
from core import business_day
from loans import application as applications
from loans import ladder, obligor, outreach, override, second_look
from loans.application import UnableToApply
from loans.ladder import UnableToClimb
from loans.models import Application, LadderCase, Necessity, Obligor, Override
from loans.override import UnableToOverride
from loans.second_look import UnableToLook
from privacy.models import Contact
from tests import stories
from tests.cast import alice, client_of, dan, fay
from tests.loans.test_override import AGAINST
from tests.worlds import world

pytestmark = pytest.mark.django_db


@world
def now():
    moment = timezone.now()
    business_day.advance(to=timezone.localdate(), now=moment)
    return moment


@world
def draft(now):
    return stories.draft(alice(), amount=4_800_000, term_months=6, now=now)


def beside(draft, member, *, now) -> Obligor:
    """Staff come without an identity check; whoever borrows has one."""
    Party.objects.filter(pk=member.party.pk).update(verified_at=now)
    member.party.refresh_from_db()
    return stories.beside(draft, member, now=now)


def sent(draft, now) -> Application:
    applications.submit(draft, by=alice().user, as_of=business_day.current(), now=now)
    return Application.objects.select_related("decision", "party", "file__subject").get(pk=draft.pk)


def test_dan_who_borrows_with_alice_neither_claims_nor_decides(draft, now):
    beside(draft, dan(), now=now)
    application = sent(draft, now)
    with pytest.raises(UnableToApply, match="own_application"):
        applications.claim(application, by=dan().user, now=now)
    page = f"/admin/loans/application/{application.pk}"
    told = client_of(dan(), language="zh-hans").post(f"{page}/act/", {"act": "claim"}, follow=True)
    assert "您属于这笔申请的一方" in told.content.decode()
    application.refresh_from_db()
    assert (application.state, application.reviewer) == ("submitted", None)
    Application.objects.filter(pk=application.pk).update(reviewer=dan().user)
    application.refresh_from_db()
    for verdict in (applications.approve, applications.decline, applications.refer):
        with pytest.raises(UnableToApply, match="own_application"):
            verdict(application, by=dan().user, reason="Sound.", now=now)


def test_dan_who_stepped_back_is_a_stranger_again(draft, now):
    obligor.step_back(beside(draft, dan(), now=now), by=dan().user, now=now)
    application = sent(draft, now)
    applications.claim(application, by=dan().user, now=now)
    application.refresh_from_db()
    assert (application.state, application.reviewer) == ("in_review", dan().user)


def test_fay_who_borrows_with_alice_confirms_no_override(draft, now, settings):
    settings.OVERRIDE_TWO_PEOPLE_FROM = 1
    applications.save_answers(draft, section="finances", answers=AGAINST, now=now)
    beside(draft, fay(), now=now)
    application = sent(draft, now)
    applications.claim(application, by=dan().user, now=now)
    override.propose(application, reason="I know bakeries.", by=dan().user, now=now)
    for answer in (override.confirm, override.refuse):
        with pytest.raises(UnableToOverride, match="own_application"):
            answer(Override.objects.get(), reason="I see it too.", by=fay().user, now=now)
    assert Override.objects.get().state == "proposed"


def test_fay_who_borrows_with_alice_takes_no_second_look(draft, now):
    beside(draft, fay(), now=now)
    application = sent(draft, now)
    applications.claim(application, by=dan().user, now=now)
    applications.decline(application, by=dan().user, reason="Debts too high.", now=now)
    look = second_look.ask(application, words="Please.", by=alice().user, now=now)
    with pytest.raises(UnableToLook, match="own_application"):
        second_look.claim(look, by=fay().user, now=now)


def test_dan_who_borrows_with_alice_climbs_no_rung_for_her_and_calls_nobody(draft, now):
    case = ladder.open_case(draft, question="work", by=fay().user, now=now)
    beside(draft, dan(), now=now)
    for refused in (
        lambda: ladder.open_case(draft, question="reachable", by=dan().user, now=now),
        lambda: ladder.record(case, level=0, outcome="answered", note="I know myself.", by=dan().user, now=now),
        lambda: ladder.request_necessity(case, level=4, why="Ask my friends.", by=dan().user, now=now),
        lambda: outreach.call_borrower(draft, by=dan().user, now=now),
    ):
        with pytest.raises(UnableToClimb, match="own_application"):
            refused()
    assert client_of(dan()).get(f"/admin/loans/laddercase/desk/{case.reference}/").status_code == 409
    assert client_of(dan()).post(f"/admin/loans/laddercase/open/{draft.reference}/", {"question": "reachable"}).status_code == 409
    assert LadderCase.objects.count() == 1
    assert not case.rungs.exists()


def test_fay_who_borrows_with_alice_agrees_to_nobody_being_asked_and_lifts_no_flag(draft, now):
    beside(draft, fay(), now=now)
    case = ladder.open_case(draft, question="work", by=dan().user, now=now)
    for level in range(4):
        ladder.record(case, level=level, outcome="not_enough", note="Tried.", by=dan().user, now=now)
    need = ladder.request_necessity(case, level=4, why="Nothing else answers it.", by=dan().user, now=now)
    ladder.set_flag(draft, kind="attorney", by=fay().user, now=now)  # a stop may come from anybody
    contact = Contact(matter=draft.file.matter)
    for refused in (
        lambda: ladder.approve(need, by=fay().user, now=now),
        lambda: ladder.lift_flag(draft, kind="attorney", by=fay().user, now=now),
        lambda: outreach.ask_contact(LadderCase.objects.get(), contact, purpose="verify_reference", channel="sms", by=fay().user, now=now),
    ):
        with pytest.raises(UnableToClimb, match="own_application"):
            refused()
    assert Necessity.objects.get().approved_at is None
    assert ladder.flags(draft) == ("attorney",)
