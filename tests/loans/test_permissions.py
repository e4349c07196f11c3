"""Object permissions on a borrower's file: a grant in force opens it, through every door of guardian; nothing else does, whoever asks."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from guardian.shortcuts import assign_perm, get_objects_for_user

from accounts import parties
from accounts.models import User
from loans import anonymity, disclosure
from loans import file as files
from loans.models import BorrowerFile, DisclosureGrant
from loans.models.file import FileGroupPermission
from privacy import consents, notices, subjects, vault
from privacy.disclosure import Actor
from privacy.models import Consent, DataSubject
from tests import stories
from tests.cast import alice, bob, carol
from tests.worlds import world

pytestmark = pytest.mark.django_db
PURPOSE = "listing_disclosure"
PERM = "loans.disclose_holder"


@world
def now():
    return timezone.now()


@world
def file(now):
    """Alice's file, at the stage in which holders see it."""
    found = stories.draft(alice(), amount=1_000_000, term_months=6, now=now).file
    BorrowerFile.objects.filter(pk=found.pk).update(stage="funded")
    found.refresh_from_db()
    return found


def yes(file):
    return Consent.objects.filter(subject=file.subject, matter=file.matter, purpose=PURPOSE, decision="given").last()


def open_to(file, member, *, relation="holder", now, **more):
    return files.grant(file=file, party=member.party, relation=relation, consent=yes(file), now=now, **more)


def opens(user, file, *, perm=PERM):
    """What each door says. They never differ."""
    user = User.objects.get(pk=user.pk)
    doors = {
        user.has_perm(perm, file),
        perm.rpartition(".")[2] in user.get_all_permissions(file),
        file in get_objects_for_user(user, perm),
        file in get_objects_for_user(user, perm, klass=BorrowerFile, use_groups=False, accept_global_perms=False),
        file in files.disclosed_to(user),
        files.relation_of(user, file) is not None,
        file.pk in [pk for pk, _reference, _relation in files.page(user)],
    }
    assert len(doors) == 1, "the doors differ"
    return doors.pop()


def test_a_grant_opens_one_file_to_one_party_and_says_why(file, now):
    other = stories.draft(alice(), amount=1_000_000, term_months=6, now=now).file
    assert not opens(bob().user, file)
    assert open_to(file, bob(), now=now) == 1
    assert opens(bob().user, file)
    assert not opens(bob().user, other)
    assert not opens(carol().user, file)
    assert not bob().user.has_perm("loans.disclose_claimant", file)
    row = DisclosureGrant.objects.get()
    assert (row.purpose, row.consent, row.relation, row.party) == (PURPOSE, yes(file), "holder", bob().party)
    assert open_to(file, bob(), now=now) == 0, "repeated, it changes nothing"


ENDS = {
    "ended": lambda file, now: files.end_grants(file=file, now=now),
    "expired": lambda file, now: DisclosureGrant.history.update(expires_at=now - timedelta(seconds=1)),
    "withdrawn": lambda file, now: consents.withdraw(subject=file.subject, purpose=PURPOSE, matter=file.matter, locale="en", now=now),
    "refused": lambda file, now: stories.consent(file.application, (PURPOSE,), decision="refused", now=now),
    "another notice": lambda file, now: publish_wider(now),
    "another stage": lambda file, now: BorrowerFile.objects.filter(pk=file.pk).update(stage="listing"),
    "restricted": lambda file, now: DataSubject.objects.filter(pk=file.subject_id).update(restricted_at=now),
    "no longer acts": lambda file, now: bob().party.memberships.update(ended_at=timezone.now()),
}


def publish_wider(now, *, part="recipients"):
    """The notice, changed in substance, or in its words alone."""
    more = {"recipients": lambda body: [*body["recipients"], "Somebody else"], "title": lambda body: f"{body['title']}, again"}[part]
    notices.publish(PURPOSE, texts={locale: body | {part: more(body)} for locale, body in notices.compiled(PURPOSE).items()}, now=now)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_what_ends_a_grant_ends_it_at_once_at_every_door(file, now, end):
    open_to(file, bob(), now=now)
    assert opens(bob().user, file)
    end(file, now)
    file.refresh_from_db()
    assert not opens(bob().user, file)
    assert DisclosureGrant.history.count() == 1, "and the row stays, as history"


@pytest.mark.parametrize("left", [timedelta(hours=1), -timedelta(hours=1)], ids=["running", "run out"])
def test_a_consent_that_has_run_out_carries_no_grant(file, now, left):
    first = yes(file)
    answer = {"subject": file.subject, "matter": file.matter, "purpose": PURPOSE, "notice": first.notice, "decision": "given", "locale": "en"}
    short = Consent.objects.create(
        **answer, sequence=99, receipt_id="CR-TEST0001", screen_hash=first.screen_hash, method="page", at=now - timedelta(days=1), expires_at=now + left
    )
    files.grant(file=file, party=bob().party, relation="holder", consent=short, now=now)
    assert opens(bob().user, file) is (left > timedelta())


def test_a_new_yes_opens_nothing_by_itself_and_a_new_grant_may_rest_on_it(file, now):
    open_to(file, bob(), now=now)
    consents.withdraw(subject=file.subject, purpose=PURPOSE, matter=file.matter, locale="en", now=now)
    with pytest.raises(files.UnableToGrant):
        files.grant(file=file, party=bob().party, relation="holder", consent=Consent.objects.order_by("pk").last(), now=now)
    stories.consent(file.application, (PURPOSE,), now=now)
    assert not opens(bob().user, file)
    assert open_to(file, bob(), now=now) == 1
    assert opens(bob().user, file)
    assert DisclosureGrant.history.filter(ended_at=None).count() == 1


def test_after_a_material_notice_the_yes_is_not_used_until_it_is_given_again(file, now):
    open_to(file, bob(), now=now)
    publish_wider(now, part="title")
    assert opens(bob().user, file), "other words ask nobody again"
    publish_wider(now)
    assert not opens(bob().user, file)
    stories.consent(file.application, (PURPOSE,), now=now)
    assert not opens(bob().user, file), "the grant rests on the earlier answer"
    open_to(file, bob(), now=now)
    assert opens(bob().user, file)


def test_nobody_elses_consent_carries_a_grant(file, now):
    theirs = stories.draft(carol(), amount=1_000_000, term_months=6, now=now).file
    with pytest.raises(files.UnableToGrant):
        files.grant(file=file, party=bob().party, relation="holder", consent=yes(theirs), now=now)


GLOBAL = ("user", "group", "superuser")


@pytest.mark.parametrize("way", GLOBAL)
def test_no_global_permission_opens_a_file(file, now, way):
    user = bob().user
    permission = Permission.objects.get(codename="disclose_holder")
    if way == "user":
        user.user_permissions.add(permission)
    elif way == "group":
        group = Group.objects.create(name="readers")
        group.permissions.add(permission)
        user.groups.add(group)
    else:
        User.objects.filter(pk=user.pk).update(is_superuser=True, is_staff=True)
    user = User.objects.get(pk=user.pk)
    assert not user.has_perm(PERM)
    assert not user.has_perm(PERM, file)
    assert not files.disclosed_to(user).exists()
    assert not get_objects_for_user(user, PERM).exists()
    open_to(file, bob(), now=now)
    assert user.has_perm(PERM, file), "a grant does, for them as for everybody"
    assert not user.has_perm(PERM)


def test_a_superuser_keeps_every_other_permission(file):
    User.objects.filter(pk=bob().user.pk).update(is_superuser=True)
    user = User.objects.get(pk=bob().user.pk)
    assert user.has_perm("loans.review_application")
    assert user.has_perm("loans.no_such_thing")


def test_a_grant_without_its_reasons_cannot_be_written(file, now):
    with pytest.raises(IntegrityError), transaction.atomic():
        assign_perm("disclose_holder", bob().user, file)
    group = Group.objects.create(name="readers")
    with pytest.raises(IntegrityError), transaction.atomic():
        FileGroupPermission.objects.create(permission=Permission.objects.get(codename="disclose_holder"), group=group, content_object=file)
    assert not opens(bob().user, file)


def test_the_function_of_the_database_says_what_live_grants_says():
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'loans_open_files'")
        (said,) = cursor.fetchone()
    assert said == f" BEGIN RETURN QUERY {files.function_body()}; END ", "LiveGrants changed: write a migration that replaces the function"


def test_who_joins_a_party_later_gets_a_grant_of_their_own(file, now):
    business = parties.create_business(user=bob().user, name="Bob and Co", now=now, invests=True)
    files.grant(file=file, party=business, relation="holder", consent=yes(file), now=now)
    business.memberships.create(user=carol().user, role="view", created_at=now)
    assert opens(bob().user, file)
    assert not opens(carol().user, file)
    files.grant(file=file, party=business, relation="holder", consent=yes(file), now=now)
    assert opens(carol().user, file)


def test_an_erased_persons_file_opens_to_nobody(file, now):
    stranger = subjects.create("person", now=now)
    open_to(file, bob(), now=now)
    vault.erase(stranger, now=now)
    assert opens(bob().user, file)
    vault.erase(DataSubject.objects.get(pk=file.subject_id), now=now)
    file.refresh_from_db()
    assert not opens(bob().user, file)


def test_a_page_of_fifty_disclosed_records_takes_six_queries_at_most_and_shows_what_one_at_a_time_would(now):
    opened, reader = [file_of(alice(), now=now) for _ in range(6)], bob()
    for file in opened:
        open_to(file, reader, now=now)
    files.end_grants(file=opened[0], now=now)
    look = {"actor": Actor("user", reader.user.subject_id, "holder"), "page": "test", "now": now}
    with CaptureQueriesContext(connection) as few:
        disclosure.disclose_open(reader.user, limit=2, **look)
    with CaptureQueriesContext(connection) as more:
        found = disclosure.disclose_open(reader.user, limit=50, **look)
    assert [file for file, _record in found] == opened[1:]
    assert asked(few) <= asked(more) <= 6, "the last page asks once more whether there is another"
    assert [record for _file, record in found] == [disclosure.disclose(file, relation="holder", **look) for file in opened[1:]]
    assert [file for file, _record in disclosure.disclose_open(reader.user, after=opened[2].pk, limit=2, **look)] == opened[3:5]
    assert disclosure.disclose_open(carol().user, **look) == []


def asked(captured):
    """Queries, without what begins and ends a transaction."""
    return len([query for query in captured if "SAVEPOINT" not in query["sql"]])


def file_of(member, *, now):
    """A published file at the stage in which holders see it."""
    found = stories.draft(member, amount=1_000_000, term_months=6, now=now).file
    BorrowerFile.objects.filter(pk=found.pk).update(stage="funded", spoken=dict.fromkeys(anonymity.LADDERS, 0))
    found.refresh_from_db()
    return found
