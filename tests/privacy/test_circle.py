"""Being named by a borrower: the link, the answer, the own page, and everything that must not work."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from core import outbox
from privacy import asking, circle, consents, disclosure, knock, number_checks, outreach, receipts, restriction, rights, subjects, suppression, texts, vault
from privacy.models import AccessLog, Consent, Contact, ContactDecision, ContactLink, DataSubject, NumberCheck, OutboundMessage, SandboxText, Suppression

from .circle_world import ALICE_NUMBER, HANA, HANA_E164, NAMED_BY, Reader, index, invite

pytestmark = pytest.mark.usefixtures("notices")


@pytest.fixture
def matter(alice):
    return subjects.open_matter(subject=alice, jurisdictions=["CN"], now=timezone.now(), reference="AP-ALICE")


@pytest.fixture
def other_matter(bob):
    return subjects.open_matter(subject=bob, jurisdictions=["CN"], now=timezone.now(), reference="AP-BOB")


@pytest.fixture
def hana():
    return Reader()


def test_the_borrower_gives_a_consent_for_each_use_they_tick(matter, alice):
    link = invite(matter, scopes=("reference",)).link
    assert link.scopes == ["reference"]
    assert consents.is_given(subject=alice, purpose="circle_reference", matter=matter, now=timezone.now())
    assert not consents.is_given(subject=alice, purpose="circle_locate", matter=matter, now=timezone.now())


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_page_says_who_named_you_and_that_you_owe_nothing(matter, language):
    html = Reader(language=language).get("invitation", invite(matter).token).content.decode()
    assert NAMED_BY in html
    assert {"en": "You owe nothing.", "zh-hans": "您不欠任何钱"}[language] in html
    assert "checked" not in html
    assert "AP-ALICE" not in html


def test_hana_accepts_and_has_a_page(matter, hana):
    token = invite(matter).token
    assert hana.fill_in(token, scopes=["reference", "relay"]).url == "/circle/code/"
    assert not Contact.objects.exists()
    assert hana.confirm().url == "/circle/me/"
    contact = Contact.objects.get()
    assert (contact.state, contact.link.state, contact.region) == ("opted_in", "accepted", "CN")
    assert circle.allowed(contact, now=timezone.now()) == ["reference", "relay"]
    html = hana.own_page()
    assert NAMED_BY in html
    assert "+86…78" not in html
    assert "13812345678" not in html


def test_invariant_26_opening_the_link_does_nothing(matter, hana):
    made = invite(matter)
    before = (ContactLink.objects.values().get(), NumberCheck.objects.count(), DataSubject.objects.count(), Consent.objects.count())
    for _again in range(3):
        assert hana.get("invitation", made.token).status_code == 200
        assert hana.client.head(f"/circle/i/{made.token}/").status_code == 200
    assert (ContactLink.objects.values().get(), NumberCheck.objects.count(), DataSubject.objects.count(), Consent.objects.count()) == before
    assert hana.accept(made.token)


def test_invariant_26_the_borrower_cannot_see_that_a_link_was_read_nor_that_somebody_visits_their_page(matter, alice, hana):
    """A name shown to whom its owner sent it is no look at the owner: else a line without an acceptance would be a no."""
    token = invite(matter).token
    before = [(look.at, look.role) for look in disclosure.who_looked(alice)]
    hana.get("invitation", token)
    assert [(look.at, look.role) for look in disclosure.who_looked(alice)] == before
    hana.accept(token)
    before = [(look.at, look.role) for look in disclosure.who_looked(alice)]
    hana.client.get("/circle/me/")
    hana.client.get("/circle/me/export/")
    assert [(look.at, look.role) for look in disclosure.who_looked(alice)] == before


def test_invariant_26_a_link_is_good_once(matter, hana):
    token = invite(matter).token
    assert hana.accept(token)
    second = Reader("13700001111")
    assert second.get("invitation", token).status_code == 410
    assert second.fill_in(token).status_code == 410
    assert Contact.objects.count() == 1


def test_invariant_26_of_two_who_answer_at_once_one_is_taken(matter, hana):
    """Both had the page open and a code; the second one learns that the link is closed."""
    token, second = invite(matter).token, Reader("13700001111")
    hana.fill_in(token)
    second.fill_in(token)
    assert hana.confirm().url == "/circle/me/"
    assert second.confirm().url == "/circle/done/closed/"
    assert Contact.objects.count() == 1


def test_invariant_26_a_link_lives_for_a_week(matter, hana):
    then = timezone.now() - timedelta(days=7, minutes=1)
    token = invite(matter, now=then).token
    assert hana.get("invitation", token).status_code == 410
    assert hana.fill_in(token).status_code == 410
    assert not NumberCheck.objects.exists()
    link = ContactLink.objects.get()
    with pytest.raises(IntegrityError, match="a week at most"):
        ContactLink.objects.filter(pk=link.pk).update(expires_at=then + timedelta(days=8))


def test_a_token_is_kept_as_its_hash_only(matter):
    made = invite(matter)
    row = str(ContactLink.objects.values().get())
    assert made.token not in row
    assert len(made.token) >= 22
    assert NAMED_BY not in row


def test_a_link_that_never_was_looks_like_a_closed_one(hana):
    assert hana.get("invitation", "nobody-ever-made-this-link").status_code == 410


def test_a_locked_borrowers_invitation_looks_like_one_that_never_was(matter, hana, alice, dan):
    """Also to somebody who had it open, or a code already, when the lock came."""
    token = invite(matter).token
    hana.fill_in(token)
    code = hana.code()
    restriction.restrict(subject=alice, ground="legal_hold", why="A court asked.", by=dan, now=timezone.now())

    def told(page, token):
        return page.status_code, re.sub(r'(csrfmiddlewaretoken|idempotency_key)" value="\w+"', "", page.content.decode().replace(token, ""))

    never = told(Reader().get("invitation", "never-made"), "never-made")
    assert told(Reader().get("invitation", token), token) == told(Reader().fill_in(token), token) == never
    assert hana.post("decline", token).status_code == 404
    assert hana.confirm(code).url == "/circle/done/closed/"
    assert not Contact.objects.exists()


def test_the_borrower_cannot_be_their_own_contact(matter):
    alice = Reader(ALICE_NUMBER)
    token = invite(matter).token
    alice.fill_in(token)
    assert alice.confirm().url == "/circle/done/self/"
    assert not Contact.objects.exists()


def test_a_minor_is_refused_and_nothing_is_kept(matter, hana):
    token = invite(matter).token
    assert hana.fill_in(token, adult="no").url == "/circle/done/minor/"
    assert not NumberCheck.objects.exists()
    assert ContactLink.objects.get().state == "declined"


def test_nobody_is_a_contact_of_one_affair_twice(matter, hana):
    assert hana.accept(invite(matter).token)
    again = invite(matter)
    hana.fill_in(again.token)
    assert hana.confirm().url == "/circle/done/twice/"
    assert Contact.objects.count() == 1
    assert ContactLink.objects.get(pk=again.link.pk).state == "open"


@pytest.mark.parametrize("spelling", ["13812345678", "138-1234-5678", "+86 138 1234 5678", "0086 13812345678", "(+86)138.1234.5678", "１３８１２３４５６７８"])
def test_a_number_in_any_spelling_is_the_same_number(matter, spelling):
    assert index(spelling) == index(HANA)
    reader = Reader()
    contact = reader.accept(invite(matter).token, number=spelling)
    assert bytes(contact.number_index) == index(HANA)


@pytest.mark.parametrize("wrong", ["", "12", "1381234567", "hello", "138123456789012", "+86 138 1234 5678 x 9", "+999 1234567"])
def test_what_is_no_number_is_told_at_the_field(matter, hana, wrong):
    page = hana.fill_in(invite(matter).token, number=wrong or " ", scopes=["relay"], name="花子")
    assert page.status_code == 422
    html = page.content.decode()
    assert 'id="id_number_error"' in html
    assert "花子" in html
    assert re.search(r'value="relay"[^>]*checked|checked[^>]*value="relay"', html)
    assert not NumberCheck.objects.exists()


def test_a_country_without_rules_gets_no_text(matter, hana):
    assert "no texts to numbers of this country" in hana.fill_in(invite(matter).token, number="+55 11 91234 5678").content.decode()


def test_declining_keeps_nothing_and_reads_as_before(matter, hana):
    made = invite(matter)
    assert hana.post("decline", made.token).url == "/circle/done/declined/"
    assert ContactLink.objects.get().state == "declined"
    assert hana.get("invitation", made.token).status_code == 200
    hana.fill_in(made.token)
    assert hana.confirm().url == "/circle/done/closed/"
    assert not Contact.objects.exists()


def test_never_contact_this_number_works_without_accepting(matter, other_matter, hana):
    made = invite(matter)
    hana.post("never_by_link", made.token, number=HANA)
    assert not suppression.holds(index(HANA))
    assert hana.confirm().url == "/circle/done/never/"
    assert suppression.holds(index(HANA))
    assert ContactLink.objects.get().state == "declined"
    assert not Contact.objects.exists()
    hana.fill_in(invite(other_matter).token)
    assert hana.code() == hana.code()  # nothing new came
    assert hana.confirm().status_code == 422
    assert not Contact.objects.exists()


def test_a_suppressed_number_asked_again_through_another_loan_gets_no_text(matter, other_matter, hana):
    hana.accept(invite(matter).token)
    hana.post("stop")
    texts_before = SandboxText.objects.count()
    again = Reader()
    assert again.fill_in(invite(other_matter).token).url == "/circle/code/"
    outbox.drain(now=timezone.now())
    assert SandboxText.objects.count() == texts_before
    assert again.confirm("123456").status_code == 422


def test_nobody_can_find_out_who_is_on_the_list(matter, other_matter, hana):
    """The same pages, byte for byte, for a number on the list and one that is not; for one that is known and one that is not."""
    hana.accept(invite(matter).token)
    hana.post("erase")
    token = invite(other_matter).token
    on_list, unknown = Reader(HANA), Reader("13700002222")

    def told(reader, *steps):
        answers = [step(reader) for step in steps]
        pages = [answer if answer.status_code != 302 else reader.client.get(answer.url) for answer in answers]
        clean = [re.sub(r'(csrfmiddlewaretoken|idempotency_key)" value="\w+"|1\d{10}|X-Request-ID', "", page.content.decode()) for page in pages]
        return [page.status_code for page in pages], clean

    steps = (lambda r: r.fill_in(token), lambda r: r.confirm("111111"), lambda r: r.post("find", number=r.number), lambda r: r.confirm("111111"))
    assert told(on_list, *steps) == told(unknown, *steps)


def test_codes_are_few(matter, hana):
    token = invite(matter).token
    assert [hana.fill_in(token).status_code for _try in range(4)] == [302, 302, 302, 429]
    assert Reader().post("find", number=HANA).status_code == 429


def test_strangers_who_type_a_number_do_not_lock_its_owner_out(matter, hana):
    """Neither from another network, nor, once the owner has proved the number in this browser, from the same one."""
    hana.accept(invite(matter).token)
    hana.post("leave")
    stranger, far = Reader(), Reader()
    far.client.defaults["REMOTE_ADDR"] = "203.0.113.9"
    for other in (stranger, far):
        assert [other.post("find", number=HANA).status_code for _try in range(4)].count(302) < 4
    assert hana.open_own_page().url == "/circle/me/"
    at_work = Reader()
    at_work.client.defaults["REMOTE_ADDR"] = "198.51.100.7"
    assert at_work.open_own_page().url == "/circle/me/"


def test_a_telephone_is_not_flooded_from_many_networks(matter, hana):
    hana.accept(invite(matter).token)
    before = SandboxText.objects.count()
    for network in range(12):
        far = Reader()
        far.client.defaults["REMOTE_ADDR"] = f"203.0.{network}.9"
        far.post("find", number=HANA)
    outbox.drain(now=timezone.now())
    assert SandboxText.objects.count() - before <= number_checks.ALL_HOUR


def test_a_code_is_tried_five_times_and_used_once(matter, hana):
    hana.fill_in(invite(matter).token)
    code = hana.code()
    wrong = "000000" if code != "000000" else "111111"
    assert [hana.confirm(wrong).status_code for _try in range(5)] == [422] * 5
    assert hana.confirm(code).status_code == 422
    assert not Contact.objects.exists()


def test_a_code_runs_out(matter, hana):
    hana.fill_in(invite(matter).token)
    code = hana.code()
    with pytest.raises(number_checks.WrongCode):
        number_checks.confirm(NumberCheck.objects.get().pk, code, now=timezone.now() + timedelta(minutes=11))


def test_one_address_cannot_knock_forever(hana):
    statuses = {hana.post("find", number=f"1370000{n:04}").status_code for n in range(45)}
    assert statuses == {302, 429}


def test_behind_a_proxy_each_network_has_its_own_knocks(rf, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    now = timezone.now()

    def once(address):
        knock.knock(rf.post("/", REMOTE_ADDR="10.0.0.1", headers={"x-forwarded-for": address}), now=now)

    for _n in range(knock.KNOCKS.burst):
        once("203.0.113.7")
    with pytest.raises(knock.TooFast):
        once("203.0.113.9")
    once("198.51.100.7")


def test_a_text_says_nothing_and_stands_on_a_decision(matter, hana):
    hana.fill_in(invite(matter).token)
    hana.code()
    message = OutboundMessage.objects.select_related("decision").get()
    assert (message.decision.reason, message.template) == ("A_RIGHTS_REPLY", "one_time_code")
    (shown,) = texts.inbox(index(HANA), now=timezone.now())
    assert NAMED_BY not in shown.body


def test_the_own_page_opens_by_number_and_code_alone(matter, hana):
    hana.accept(invite(matter).token)
    later = Reader()
    assert later.get("passport").url == "/circle/find/"
    assert later.open_own_page().url == "/circle/me/"
    assert NAMED_BY in later.own_page()
    assert AccessLog.objects.filter(actor_kind="contact").exists()
    later.post("leave")
    assert later.get("passport").url == "/circle/find/"


def test_the_own_page_closes_by_itself(matter, hana):
    hana.accept(invite(matter).token)
    session = hana.client.session
    session["circle"] = session["circle"] | {"until": (timezone.now() - timedelta(seconds=1)).isoformat()}
    session.save()
    assert hana.get("passport").url == "/circle/find/"


def test_hana_changes_what_she_allows(matter, hana):
    contact = hana.accept(invite(matter).token, scopes=["reference"])
    name = contact.reference
    hana.post("allow", name, **{f"{name}-scopes": ["relay"], f"{name}-hours_from": "600", f"{name}-hours_until": "1080", f"{name}-time_zone": "Asia/Urumqi"})
    contact.refresh_from_db()
    assert circle.allowed(contact, now=timezone.now()) == ["relay"]
    assert (contact.hours_from, contact.hours_until, contact.time_zone) == (600, 1080, "Asia/Urumqi")
    bad = hana.post("allow", name, **{f"{name}-hours_from": "1080", f"{name}-hours_until": "600"})
    assert bad.status_code == 422
    assert "The end must be after the beginning" in bad.content.decode()


def test_nobody_opens_another_contacts_things(matter, other_matter, hana):
    contact = hana.accept(invite(matter).token)
    stranger = Reader("13700003333")
    stranger.accept(invite(other_matter).token)
    name = contact.reference
    assert stranger.post("allow", name, **{f"{name}-hours_from": "540", f"{name}-hours_until": "1140"}).status_code == 404
    assert stranger.post("complain", name, **{f"c-{name}-text": "x"}).status_code == 404
    assert "affairs" in stranger.get("export").json()
    assert contact.reference not in stranger.get("export").content.decode()


def test_stop_holds_for_every_borrower(matter, other_matter, hana):
    first, second = hana.accept(invite(matter).token), hana.accept(invite(other_matter).token)
    hana.post("stop")
    assert {Contact.objects.get(pk=contact.pk).state for contact in (first, second)} == {"opted_out"}
    assert circle.contact_state(Contact.objects.get(pk=second.pk), "verify_reference", now=timezone.now()) == "opted_out"
    assert Suppression.objects.get().reason == "stopped"


def test_stopping_is_final(matter, hana):
    contact = hana.accept(invite(matter).token)
    hana.post("stop")
    with pytest.raises(IntegrityError), transaction.atomic():
        Contact.objects.filter(pk=contact.pk).update(state="opted_in")


def test_export_has_everything_and_is_the_persons_alone(matter, hana):
    contact = hana.accept(invite(matter).token, name="花子")
    hana.post("complain", contact.reference, **{f"c-{contact.reference}-text": "Too many questions"})
    found = hana.get("export").json()["affairs"][0]
    assert (found["name"], found["number"], found["named_by"]) == ("花子", HANA_E164, NAMED_BY)
    assert [made["text"] for made in found["complaints"]] == ["Too many questions"]
    (signed,) = found["consents"]
    assert receipts.verify(signed)
    assert signed["receipt"]["services"][0]["purposes"][0]["purpose"]
    assert {look["role"] for look in found["looks"]} >= {"circle"}, "the program's own looks as well"
    assert found["locks"] == []
    assert Reader().get("export").url == "/circle/find/"


def test_erasure_leaves_the_keyed_code_alone(matter, hana):
    contact = hana.accept(invite(matter).token, name="花子")
    subject = contact.subject
    sealed = SandboxText.objects.filter(subject=subject).first().body.ciphertext
    hana.post("erase")
    contact = Contact.objects.get(pk=contact.pk)
    assert (contact.state, contact.name, contact.number, contact.number_index) == ("erased", None, None, None)
    assert Suppression.objects.get().reason == "erased"
    with pytest.raises(vault.Erased):
        vault.open_(subject.pk, "any", sealed)
    with pytest.raises(IntegrityError), transaction.atomic():
        Contact.objects.filter(pk=contact.pk).update(state="opted_in")
    later = Reader()
    later.post("find", number=HANA)
    assert later.code() is None


@pytest.mark.parametrize(("language", "words"), [("en", "Erasing has to wait."), ("zh-hans", "删除需要等待")])
def test_under_a_legal_hold_the_stop_stands_the_hold_is_told_and_the_erasure_follows_it(matter, other_matter, dan, language, words):
    hana, now = Reader(language=language), timezone.now()
    held, free = hana.accept(invite(matter).token), hana.accept(invite(other_matter).token)
    hold = restriction.restrict(subject=held.subject, ground=restriction.LEGAL_HOLD, why="Order 12.", by=dan, now=now)
    hana.open_own_page()
    page = hana.post("erase", follow=True)
    assert (page.status_code, words in page.content.decode()) == (200, True)
    assert suppression.holds(index(HANA))
    assert {row.pk: row.state for row in Contact.objects.all()} == {held.pk: "opted_out", free.pk: "erased"}
    assert hana.get("passport").status_code == 200
    restriction.lift(hold, why="Over.", by=dan, now=now)
    restriction.finish(cutoff=now, now=timezone.now())
    assert set(Contact.objects.values_list("state", flat=True)) == {"erased"}


def test_erasing_through_the_rights_desk_is_the_same(matter, hana):
    contact = hana.accept(invite(matter).token)
    rights.erase(contact.subject, now=timezone.now())
    assert Contact.objects.get().state == "erased"
    assert suppression.holds(index(HANA))


def test_a_complaint_is_open_until_settled(matter, hana):
    contact = hana.accept(invite(matter).token)
    hana.post("complain", contact.reference, **{f"c-{contact.reference}-text": "Too many questions"})
    assert circle.open_complaints(contact)
    assert "Your complaint is open" in hana.own_page()
    made = contact.complaints.get()
    assert circle.settle(made, answer="We were wrong to call.", now=timezone.now())
    assert not circle.settle(made, answer="Or not.", now=timezone.now()), "once"
    page = hana.own_page()
    assert "We were wrong to call." in page
    assert "Or not." not in page
    assert "Your complaint is open" not in page


def test_the_borrower_takes_somebody_back(matter, hana):
    contact = hana.accept(invite(matter).token)
    assert circle.borrower_consent(contact, "verify_reference", now=timezone.now()) == "given"
    circle.take_back(contact.link, now=timezone.now())
    assert circle.borrower_consent(Contact.objects.get(), "verify_reference", now=timezone.now()) == "withdrawn"
    unanswered = invite(matter)
    circle.take_back(unanswered.link, now=timezone.now())
    assert Reader().get("invitation", unanswered.token).status_code == 410


def test_the_borrowers_consent_is_per_use(matter, alice, hana):
    contact = hana.accept(invite(matter, scopes=("reference",)).token)
    assert circle.borrower_consent(contact, "relay_message", now=timezone.now()) == "none"
    consents.withdraw(subject=alice, purpose="circle_reference", matter=matter, locale="en", now=timezone.now())
    assert circle.borrower_consent(contact, "verify_reference", now=timezone.now()) == "withdrawn"


@pytest.mark.parametrize(("numbers", "code"), [([], "own_number")])
def test_without_the_borrowers_own_number_nobody_is_invited(matter, numbers, code):
    with pytest.raises(circle.UnableToInvite, match=code):
        circle.invite(matter=matter, relationship="friend", scopes=["reference"], named_by=NAMED_BY, own_numbers=numbers, locale="en", now=timezone.now())


def test_few_people_and_no_closed_affairs(matter):
    for _person in range(5):
        invite(matter)
    with pytest.raises(circle.UnableToInvite, match="too_many"):
        invite(matter)
    subjects.close_matter(matter, now=timezone.now())
    with pytest.raises(circle.UnableToInvite, match="closed"):
        invite(matter)


def test_what_has_had_its_time_is_forgotten(matter, hana):
    then = timezone.now() - timedelta(days=9)
    invite(matter, now=then)
    hana.fill_in(invite(matter).token)
    hana.code()
    owner = NumberCheck.objects.get().subject
    later = timezone.now() + timedelta(days=2)
    assert len(circle.expire_links(now=later)) == 1
    assert ContactLink.objects.get(state="expired").named_by is None
    assert len(number_checks.forget_old(now=later)) == 1
    assert not NumberCheck.objects.exists()
    assert not SandboxText.objects.exists()
    owner.refresh_from_db()
    assert owner.erased_at is not None


def test_a_contact_outlives_the_affair_by_a_month(matter, hana):
    hana.accept(invite(matter).token)
    subjects.close_matter(matter, now=timezone.now())
    assert circle.forget_closed(now=timezone.now() + timedelta(days=29)) == []
    assert len(circle.forget_closed(now=timezone.now() + timedelta(days=31))) == 1
    assert Contact.objects.get().state == "erased"
    assert not suppression.holds(index(HANA))


def test_no_number_and_no_name_lies_open(matter, hana):
    hana.accept(invite(matter).token, name="花子")
    for model in (Contact, NumberCheck, SandboxText, ContactDecision, OutboundMessage, ContactLink, Suppression):
        for row in model.objects.values():
            assert not re.search(r"13812345678|花子|林悦", str(row)), model
    stored = str(hana.client.session.items()) + str(hana.client.cookies)
    assert "13812345678" not in stored


def test_pages_are_kept_by_nobody_and_told_to_nobody(matter, hana):
    token = invite(matter).token
    hana.accept(token)
    for page in (Reader().get("invitation", token), hana.get("passport"), hana.get("export"), hana.get("find")):
        assert "no-store" in page["Cache-Control"]
        assert page["Referrer-Policy"] == "same-origin"


def test_an_erased_borrowers_link_is_closed(matter, alice):
    made = invite(matter)
    vault.erase(alice, now=timezone.now())
    assert Reader().get("invitation", made.token).status_code == 410


def test_the_borrowers_name_is_nowhere_in_a_contacts_rows_and_leaves_the_telephone_with_the_borrower(matter, hana, alice):
    """What was said to Hana is kept under Hana's key: with Alice's gone, her name must not be readable there."""
    contact = hana.accept(invite(matter).token)
    contact = Contact.objects.select_related("subject", "matter__subject", "link").get(pk=contact.pk)
    facts = outreach.Facts(dpd=20, necessity_recorded=True, borrower_unreachable=True, guarantee_signed=False, minor=False, flags=(), episode_since=None)
    noon = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)  # a Tuesday morning in Shanghai, no holiday
    outcome = asking.ask(contact, purpose="verify_reference", channel="sms", facts=facts, actor="system", asked_by=None, now=noon)
    assert outcome.allowed, outcome.decision.reason
    kept = vault.open_sealed(outcome.message, ("params",), engine="outreach", purpose="circle", now=noon)["params"]
    assert NAMED_BY not in str(kept)
    assert any(NAMED_BY in text.body for text in texts.inbox(index(HANA), now=noon))
    rights.erase(alice, now=noon)
    assert not any(NAMED_BY in text.body for text in texts.inbox(index(HANA), now=noon))
