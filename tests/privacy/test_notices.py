import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from privacy import notices, purposes
from privacy.models import NOTICE_REQUIRED, Notice

CODES = [
    "account",
    "application",
    "automated_decision",
    "bank_source",
    "circle",
    "contact",
    "credit_source",
    "hardship",
    "identity",
    "listing_disclosure",
    "marketing",
    "named_recipient",
]


def test_every_notice_is_published_complete_in_both_languages_and_once(notices, now, capsys):
    from privacy import notices as published

    assert published.codes() == CODES
    assert Notice.objects.count() == 2 * len(CODES)
    call_command("publish_notices")
    assert capsys.readouterr().out == ""
    assert Notice.objects.count() == 2 * len(CODES)
    for notice in Notice.objects.all():
        assert all(getattr(notice, name) for name in (*NOTICE_REQUIRED, "purposes", "kinds", "recipients", "sections"))
        assert all(notice.ask[name] for name in published.ASK)
        assert "{" not in notice.controller + notice.contact


def test_every_purpose_that_is_asked_has_a_notice_and_sensitive_ones_their_own(db):
    for purpose in purposes.PURPOSES.values():
        if purpose.asked:
            for body in notices.compiled(purpose.notice_code).values():
                assert purpose.code in body["purposes"]
                assert not purpose.sensitive or body["purposes"] == [purpose.code]


def changed(code, **values):
    return {locale: {**body, **values} for locale, body in notices.compiled(code).items()}


def test_a_changed_wording_is_a_new_version_in_every_language(notices, now):
    from privacy import notices as published

    rows = published.publish("marketing", texts=changed("marketing", impact_text="An e-mail, rarely."), now=now)
    assert [(row.version, row.material) for row in rows] == [(2, False), (2, False)]
    (row, _other) = published.publish("marketing", texts=changed("marketing", methods="By telephone."), now=now)
    assert (row.version, row.material) == (3, True)
    assert published.current("marketing", "en").version == 3
    assert [each.version for each in published.versions("marketing", "zh-hans")] == [3, 2, 1]


@pytest.mark.parametrize("name", [*NOTICE_REQUIRED, "purposes", "kinds", "recipients", "sections"])
def test_a_notice_with_an_empty_item_is_not_published(db, now, name):
    empty = [] if name in ("purposes", "kinds", "recipients", "sections") else ""
    with pytest.raises(notices.Incomplete):
        notices.publish("marketing", texts=changed("marketing", **{name: empty}), now=now)
    body = notices.compiled("marketing")["en"] | {name: empty}
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.create(code="x", version=1, locale="en", material=True, published_at=now, sha256="0" * 64, **body)


def test_a_notice_that_bundles_a_sensitive_purpose_is_not_published(db, now):
    with pytest.raises(notices.Incomplete, match="by itself"):
        notices.publish("application", texts=changed("application", purposes=["application", "marketing"]), now=now)


def test_unknown_purposes_and_kinds_are_not_published(db, now):
    for wrong in ({"purposes": ["fun"]}, {"kinds": ["gossip"]}):
        with pytest.raises(notices.Incomplete, match="unknown"):
            notices.publish("marketing", texts=changed("marketing", **wrong), now=now)


@pytest.mark.parametrize("change", [{"title": "Nicer"}, {"published_at": None}, {"sha256": "0" * 64}])
def test_a_published_notice_cannot_be_changed(notices, change):
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        Notice.objects.filter(code="account").update(**change)


def test_a_published_notice_cannot_be_removed(notices):
    with pytest.raises(Exception, match=r"Cannot (update or )?delete"), transaction.atomic():
        Notice.objects.filter(code="account").delete()


def test_nothing_published_nothing_asked(db):
    with pytest.raises(notices.NoNotice):
        notices.current("marketing", "en")
