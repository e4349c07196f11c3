"""A person against the scorecard: tagged, with a reason; a yes over the limit waits for a second person, and one alone is refused."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from core import business_day, outbox
from loans import application as applications
from loans import override, second_look
from loans.models import Override, Review, SecondLook
from loans.override import UnableToOverride
from tests import stories
from tests.cast import alice, client_of, dan, fay, make
from tests.loans.test_second_look import declined
from tests.worlds import world

pytestmark = pytest.mark.django_db
AGAINST = {"debt_monthly": "1500000"}  # all of the income: referred to a person, and priced under the cap


@world
def now():
    moment = timezone.now()
    business_day.advance(to=timezone.localdate(), now=moment)
    return moment


def claimed(now, **answers):
    """Submitted, and Dan has it."""
    draft = stories.draft(alice(), amount=4_800_000, term_months=6, now=now)
    applications.save_answers(draft, section="finances", answers=answers, now=now)
    applications.submit(draft, by=alice().user, as_of=business_day.current(), now=now)
    draft.refresh_from_db()
    applications.claim(draft, by=dan().user, now=now)
    return draft


def test_over_the_limit_one_person_alone_approves_nothing_and_a_second_confirms(now, settings):
    settings.OVERRIDE_TWO_PEOPLE_FROM = 4_800_000
    draft = claimed(now, **AGAINST)
    assert draft.decision.outcome == "refer"
    desk, first = f"/admin/loans/application/{draft.pk}/", client_of(dan())
    assert first.post(f"{desk}act/", {"act": "approve", "reason": " "}).status_code == 422, "a reason, always"
    assert not Override.objects.exists()
    first.post(f"{desk}act/", {"act": "approve", "reason": "Her brother's debts, not hers."})
    draft.refresh_from_db()
    assert (draft.state, draft.offers.count(), Review.objects.count()) == ("in_review", 0, 0)
    assert "A second person has to confirm" in first.get(f"{desk}change/").content.decode()
    waits = Override.objects.get()
    page = f"/admin/loans/override/{waits.pk}/"
    assert first.post(f"{page}act/", {"act": "confirm", "reason": "Sure."}).status_code == 403
    with pytest.raises(UnableToOverride, match="four_eyes"):
        override.confirm(waits, reason="Sure.", by=dan().user, now=now)
    alone = Override.objects.get(pk=waits.pk)
    alone.state, alone.answered_by, alone.answered_at, alone.answer = "confirmed", dan().user, now, "Sure."
    with pytest.raises(IntegrityError, match="four_eyes"), transaction.atomic():
        alone.save()
    second = client_of(fay(), language="zh-hans")
    assert "Her brother&#x27;s debts, not hers." in second.get(f"{page}change/").content.decode()
    assert second.post(f"{page}act/", {"act": "confirm", "reason": ""}).status_code == 422
    second.post(f"{page}act/", {"act": "confirm", "reason": "I see it too."})
    draft.refresh_from_db()
    waits.refresh_from_db()
    assert (draft.state, waits.state, waits.answered_by) == ("offered", "confirmed", fay().user)
    made = Review.objects.get()
    assert (made.reviewer, made.verdict, made.is_override) == (dan().user, "approve", True)
    outbox.drain(now=timezone.now())
    assert "We have an offer for you" in client_of(alice()).get("/messages/").content.decode()


def test_refused_it_stays_where_it_was_and_another_verdict_takes_the_proposal_back(now, settings):
    settings.OVERRIDE_TWO_PEOPLE_FROM = 1
    draft = claimed(now, **AGAINST)
    applications.approve(draft, by=dan().user, reason="I know bakeries.", now=now)
    with pytest.raises(UnableToOverride, match="open"):
        applications.approve(draft, by=dan().user, reason="Again.", now=now)
    override.refuse(Override.objects.get(), reason="Two late payments stand against it.", by=fay().user, now=now)
    applications.approve(draft, by=dan().user, reason="Now with papers.", now=now)
    waits = Override.objects.get(state="proposed")
    applications.decline(draft, by=dan().user, reason="No, after all.", now=now)
    waits.refresh_from_db()
    assert waits.state == "withdrawn"
    with pytest.raises(UnableToOverride):
        override.confirm(waits, reason="Yes.", by=fay().user, now=now)
    assert not Review.objects.get().is_override, "the scorecard did not say yes either"


def test_below_the_limit_one_person_may_and_it_is_tagged(now):
    draft = claimed(now, **AGAINST)
    applications.approve(draft, by=dan().user, reason="Papers seen.", now=now)
    assert draft.offers.count() == 1
    assert Review.objects.get().is_override
    assert not Override.objects.exists()


def test_a_no_against_the_scorecards_yes_is_tagged(now):
    application = declined(now)
    assert application.decision.outcome == "approve"
    assert Review.objects.get().is_override


def test_an_overturning_over_the_limit_waits_too(now, settings):
    settings.OVERRIDE_TWO_PEOPLE_FROM = 1
    application = declined(now, **AGAINST)
    look = second_look.ask(application, words="Please.", by=alice().user, now=now)
    second_look.claim(look, by=fay().user, now=now)
    look.refresh_from_db()
    second_look.read(look, reading="Sound.", by=fay().user, now=now)
    look.refresh_from_db()
    second_look.overturn(look, reason="Income carries it.", by=fay().user, now=now)
    look.refresh_from_db()
    assert (look.state, application.offers.count()) == ("read", 0)
    waits = Override.objects.get()
    with pytest.raises(UnableToOverride, match="four_eyes"):
        override.confirm(waits, reason="Sure.", by=fay().user, now=now)
    override.confirm(waits, reason="I see it too.", by=make("hana").user, now=now)
    application.refresh_from_db()
    assert (application.state, SecondLook.objects.get().state) == ("offered", "overturned")
