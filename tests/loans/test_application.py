"""What the application's pages refuse: far too much text, hostile uploads, somebody else's draft, another site."""

import hashlib
import io
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from core import business_day
from loans.models import Application, Document
from tests import stories
from tests.cast import alice, client_of, eve
from tests.core.test_uploads import HOSTILE

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(settings: Any, tmp_path: Path) -> Application:
    settings.MEDIA_ROOT = tmp_path
    now: datetime = timezone.now()
    business_day.advance(to=timezone.localdate(now), now=now)
    return stories.draft(alice(now=now), amount=4_800_000, term_months=6, now=now)


def picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (20, 20), "white").save(made, "PNG")
    return made.getvalue()


def upload(draft: Application, content: bytes, name: str, *, client: Client | None = None) -> Any:
    fields = {
        "kind": "income",
        "upload": SimpleUploadedFile(name, content, "application/octet-stream"),
        "idempotency_key": hashlib.sha256(name.encode() + content).hexdigest(),
    }
    return (client or client_of(alice())).post(f"/applications/{draft.reference}/documents/", fields)


def test_ten_megabytes_of_text_are_refused_and_nothing_is_kept(draft: Application) -> None:
    browser = client_of(alice())
    before = Application.objects.values().get()
    much = "粮" * 3_400_000  # ten megabytes as UTF-8
    for section, field in (("project", "summary"), ("funds", "label_1"), ("background", "background"), ("repayment", "repayment_plan"), ("finances", "phone")):
        assert browser.post(f"/applications/{draft.reference}/{section}/", {field: much}).status_code in (400, 413), section
    assert Application.objects.values().get() == before


def test_text_above_the_limit_is_said_at_its_field_and_kept_on_the_page(draft: Application) -> None:
    answer = client_of(alice()).post(f"/applications/{draft.reference}/background/", {"background": "My bakery. " * 4000})
    assert answer.status_code == 422
    assert "background" in answer.context["form"].errors
    assert "My bakery. My bakery." in answer.content.decode()
    assert stories.ANSWERS["background"]["background"] in client_of(alice()).get(f"/applications/{draft.reference}/background/").content.decode()


def test_control_characters_and_half_characters_are_no_answers(draft: Application) -> None:
    for odd in ("a\0b", "\ud800".encode("utf-8", "surrogatepass")):
        answer = client_of(alice()).post(f"/applications/{draft.reference}/background/", {"background": odd})
        assert answer.status_code in (302, 400, 422)
    assert client_of(alice()).get(f"/applications/{draft.reference}/background/").status_code == 200


def test_hostile_uploads_are_refused_at_the_field(draft: Application) -> None:
    for what, (content, name, _code) in HOSTILE.items():
        answer = upload(draft, content, name or "x")
        assert answer.status_code in (400, 422), what
        assert answer.status_code == 400 or "upload" in answer.context["form"].errors, what
    assert not Document.objects.exists()


def test_a_picture_is_kept_and_handed_out_as_an_attachment_to_its_owner_alone(draft: Application) -> None:
    assert upload(draft, picture(), "../../etc/工资单.png").status_code == 302
    kept = Document.objects.get()
    page = client_of(alice()).get(f"/applications/{draft.reference}/documents/").content.decode()
    assert "工资单.png" in page
    assert "etc/" not in page
    own = client_of(alice()).get(f"/documents/{kept.reference}/")
    assert own["Content-Disposition"].startswith("attachment")
    assert own["X-Content-Type-Options"] == "nosniff"
    stranger = client_of(eve())
    assert stranger.get(f"/documents/{kept.reference}/").status_code == 404
    assert stranger.post(f"/documents/{kept.reference}/remove/").status_code == 404
    assert upload(draft, picture(), "a.png", client=stranger).status_code == 404
    assert Document.objects.get().removed_at is None


def test_a_document_sent_twice_is_kept_once(draft: Application) -> None:
    first, again = (upload(draft, picture(), "quote.png") for _ in range(2))
    assert (first.status_code, first["Location"]) == (again.status_code, again["Location"])
    assert Document.objects.count() == 1
    assert "idempotency_key" in client_of(alice()).get(f"/applications/{draft.reference}/documents/").content.decode()


def test_another_site_cannot_write_in_alices_draft(draft: Application) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client_of(alice()).cookies
    for path in ("project/", "documents/", "submit/", "withdraw/"):
        assert strict.post(f"/applications/{draft.reference}/{path}", {}).status_code == 403
    draft.refresh_from_db()
    assert draft.state == "draft"
