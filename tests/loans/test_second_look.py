"""After a no: another person looks, inputs before grade, with reasons; or a wrong answer is set right and decided on again."""

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from core import business_day, outbox
from loans import affairs, amendment, override, second_look
from loans import application as applications
from loans.admin import sealed
from loans.application import UnableToApply
from loans.models import Application, Review, SecondLook
from loans.second_look import UnableToLook
from privacy.models import AccessLog
from tests import stories
from tests.cast import alice, bob, client_of, dan, fay, make
from tests.worlds import world

pytestmark = pytest.mark.django_db
WORDS = "My debts on other platforms are repaid."


@world
def now():
    moment = timezone.now()
    business_day.advance(to=timezone.localdate(), now=moment)
    return moment


def declined(now, **answers):
    """Dan says no."""
    draft = stories.draft(alice(), amount=4_800_000, term_months=6, now=now)
    if answers:
        applications.save_answers(draft, section="finances", answers=answers, now=now)
    applications.submit(draft, by=alice().user, as_of=business_day.current(), now=now)
    draft.refresh_from_db()
    applications.claim(draft, by=dan().user, now=now)
    applications.decline(draft, by=dan().user, reason="Debts too high.", now=now)
    return Application.objects.select_related("decision", "party", "file__subject").get(pk=draft.pk)


def post(client, path, page, **data):
    key = re.search(r'name="idempotency_key" value="([^"]+)"', client.get(page).content.decode()).group(1)
    return client.post(path, {"idempotency_key": key, **data})


def test_declined_asks_for_a_person_in_the_browser_and_is_overturned(now):
    application = declined(now)
    page, browser = f"/applications/{application.reference}/", client_of(alice())
    assert post(browser, f"{page}second-look/", page, words=" ").status_code == 422
    assert post(browser, f"{page}second-look/", page, words=WORDS).url == page
    look = SecondLook.objects.get()
    desk, person = f"/admin/loans/secondlook/{look.pk}/", client_of(fay())
    file = f"/admin/loans/application/{application.pk}/change/"
    blind = [person.get(file).content.decode(), person.get("/admin/loans/application/?queue=all").content.decode()]
    assert "Kept from you" in blind[0]
    for word in (application.decision.reference, "Probability of default", "Verdicts", "If one figure were otherwise"):
        assert word not in blind[0], word
    assert "column-scorecard" not in blind[1]
    assert "What the scorecard says" in client_of(dan()).get(file).content.decode()
    assert WORDS not in person.get(f"{desk}change/").content.decode(), "sealed until it is claimed"
    person.post(f"{desk}act/", {"act": "claim"})
    inputs = person.get(f"{desk}change/").content.decode()
    assert WORDS in inputs
    assert "¥15,000.00" in inputs
    assert "What the scorecard says" not in inputs
    assert "Debts too high." not in inputs
    assert person.post(f"{desk}act/", {"act": "overturn", "text": "No."}).status_code == 422, "the inputs come first"
    assert person.post(f"{desk}act/", {"act": "read", "text": " "}).status_code == 422
    assert not AccessLog.objects.filter(actor=fay().user.subject, fields__contains=["credit.decision.output"]).exists(), "the grade was never opened"
    person.post(f"{desk}act/", {"act": "read", "text": "Income carries this easily."})
    assert application.decision.reference in person.get(file).content.decode()
    graded = person.get(f"{desk}change/").content.decode()
    assert "What the scorecard says" in graded
    assert "Debts too high." in graded
    assert person.post(f"{desk}act/", {"act": "overturn", "text": ""}).status_code == 422, "nothing without reasons"
    person.post(f"{desk}act/", {"act": "overturn", "text": "Your income carries it."})
    application.refresh_from_db()
    assert application.state == "offered"
    assert "Your income carries it." in browser.get(page).content.decode()
    assert second_look.figures() == {"asked": 1, "answered": 1, "overturned": 1}
    outbox.drain(now=timezone.now())
    assert "您请人复核的决定" in client_of(alice(), language="zh-hans").get("/messages/").content.decode()


def test_not_whoever_decided_not_an_owner_of_models_and_not_ones_own(now, django_user_model):
    from django.contrib.auth.models import Group

    from accounts import roles

    application = declined(now)
    look = second_look.ask(application, words=WORDS, by=alice().user, now=now)
    with pytest.raises(UnableToLook, match="decided_before"):
        second_look.claim(look, by=dan().user, now=now)
    with pytest.raises(UnableToLook, match="own_application"):
        second_look.claim(look, by=alice().user, now=now)
    owner = fay().user
    roles.ensure()
    owner.groups.add(Group.objects.get(name=roles.MODELER))
    with pytest.raises(UnableToLook, match="owner"):
        second_look.claim(look, by=django_user_model.objects.get(pk=owner.pk), now=now)
    assert client_of(bob()).post(f"/applications/{application.reference}/second-look/", {"words": "x"}).status_code in (302, 404)


def test_not_whoever_refused_an_override_and_not_whoever_opened_the_file_before(now, settings):
    settings.OVERRIDE_TWO_PEOPLE_FROM = 0
    draft = stories.draft(alice(), amount=4_800_000, term_months=6, now=now)
    applications.save_answers(draft, section="finances", answers={"debt_monthly": "1500000", "overdue_count_6m": "3"}, now=now)
    applications.submit(draft, by=alice().user, as_of=business_day.current(), now=now)
    draft.refresh_from_db()
    applications.claim(draft, by=dan().user, now=now)
    proposed = override.propose(draft, reason="I know better.", by=dan().user, now=now)
    override.refuse(proposed, reason="You do not.", by=fay().user, now=now)
    applications.decline(draft, by=dan().user, reason="Debts too high.", now=now)
    application = Application.objects.select_related("decision", "party", "file__subject").get(pk=draft.pk)
    look = second_look.ask(application, words=WORDS, by=alice().user, now=now)
    with pytest.raises(UnableToLook, match="decided_before"):
        second_look.claim(look, by=fay().user, now=now)
    reader = make("hana").user
    sealed.opened(application, reviewer=reader, why="supervising", language="en", now=now)
    with pytest.raises(UnableToLook, match="read_before"):
        second_look.claim(look, by=reader, now=now)


def test_upheld_once_then_an_appeal_to_a_third_person_and_no_more(now):
    application = declined(now)
    look = second_look.ask(application, words=WORDS, by=alice().user, now=now)
    assert second_look.may_ask(application, now=now) == ""
    for step in (lambda: second_look.claim(look, by=fay().user, now=now), lambda: second_look.read(look, reading="Thin.", by=fay().user, now=now)):
        step()
        look.refresh_from_db()
    second_look.uphold(look, reason="Debts stand against it.", by=fay().user, now=now)
    assert second_look.may_ask(application, now=now) == "appeal"
    appeal = second_look.ask(application, words="Please.", by=alice().user, now=now)
    with pytest.raises(UnableToLook, match="decided_before"):
        second_look.claim(appeal, by=fay().user, now=now)
    with pytest.raises(UnableToLook, match="not_now"):
        second_look.ask(application, words="Again.", by=alice().user, now=now)


def test_the_table_knows_no_grade_before_the_reading_and_no_answer_without_reasons(now):
    look = second_look.ask(declined(now), words=WORDS, by=alice().user, now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        SecondLook.objects.filter(pk=look.pk).update(state="overturned", reviewer=fay().user)
    second_look.claim(look, by=fay().user, now=now)
    with pytest.raises(IntegrityError, match="inputs_before_grade"), transaction.atomic():
        SecondLook.objects.filter(pk=look.pk).update(state="read")


def test_thirty_days_and_the_affair_stays_open_as_long(now):
    application = declined(now)
    later = now + timedelta(days=32)
    assert affairs.close_ended(now=now) == 0
    assert second_look.may_ask(application, now=later) == ""
    assert not amendment.may_open(application, now=later)
    assert affairs.close_ended(now=later) == 1


def test_a_wrong_answer_is_set_right_and_decided_on_again(now):
    application = declined(now, debt_monthly="1500000", overdue_count_6m="3")
    assert application.decision.outcome == "decline"
    page, browser = f"/applications/{application.reference}/", client_of(alice())
    assert post(browser, f"{page}correct/", page).url == page
    finances = {"income_monthly": "15000", "debt_monthly": "0", "debt_total": "0", "debt_other_platforms": "0", "overdue_count_6m": "0"}
    assert browser.post(f"{page}finances/", finances).url == page
    assert post(browser, f"{page}corrected/", page, words="").status_code == 422
    assert post(browser, f"{page}corrected/", page, words="I typed the debts of my firm.").url == page
    again = Application.objects.select_related("decision").get(pk=application.pk)
    assert (again.state, again.decision.outcome, again.submitted_at) == ("submitted", "approve", application.submitted_at)
    kept = again.amendments.get()
    assert (kept.before_id, kept.after_id) == (application.decision_id, again.decision_id)
    applications.claim(again, by=fay().user, now=now)
    applications.approve(again, by=fay().user, reason="The error is plain.", now=now)
    assert Review.objects.filter(application=again).count() == 2


def test_a_correction_is_made_once_at_a_time_and_not_beside_a_second_look(now):
    application = declined(now)
    second_look.ask(application, words=WORDS, by=alice().user, now=now)
    with pytest.raises(UnableToApply, match="not_now"):
        amendment.open_(application, by=alice().user, now=now)


def test_invariant_21_every_no_and_every_lower_grade_says_why_from_what_data_and_how_a_person_looks_again(now):
    refused = declined(now)
    offered = stories.offered(alice(), reviewer=dan(), amount=4_800_000, term_months=6, now=now)
    assert offered.decision.grade != "A"
    for application, route in ((refused, f"/applications/{refused.reference}/second-look/"), (offered, reverse("privacy:ask", args=["human_review"]))):
        page = client_of(alice()).get(f"/applications/{application.reference}/").content.decode()
        assert "What weighed against" in page
        assert "The figures are what you told us" in page
        assert route in page
