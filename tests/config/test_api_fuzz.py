"""The API against its own schema, by generated requests that fit it and that do not: no fault of ours, and no answer that is not written down."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import schemathesis
from django.utils import timezone
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks

from accounts.access import PARTY_HEADER
from config.wsgi import application as site
from core import business_day, outbox
from ledger.checks import check_books
from loans import application as applications
from loans.models import Document
from marketplace import mandate as mandates
from marketplace import run as runs
from marketplace import sale, saved_search, search
from marketplace.models import Listing
from tests import cast, stories
from tests.programs import Program

EXAMPLES, EXAMPLES_SOAK = 50, 400
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.allow_header_conformance,
    checks.negative_data_rejection,
]
CSRF = "a" * 32


def eves_things() -> dict[str, list[str]]:
    """Eve borrows and invests; something of each kind is hers, by the first part of its address."""
    now = timezone.now()
    business_day.advance(to=timezone.localdate(), now=now)
    eve, bob, dan = cast.eve(), cast.bob(), cast.dan()
    for member in (eve, bob):
        stories.pay_in(member, 9_000_000, now=now)
    stories.verified_account(eve, now=now)
    loan = stories.accepted_loan(eve, reviewer=dan, amount=1_000_000, term_months=6, now=now)
    stories.pledge(Listing.objects.get(loan=loan), bob, 1_000_000, now=now)
    outbox.drain(now=now)
    stories.pay_out(loan, proposer=cast.fay(), approver=dan, now=now)
    listing = Listing.objects.get(loan=stories.accepted_loan(cast.alice(), reviewer=dan, amount=4_800_000, term_months=6, now=now))
    pledges = [stories.pledge(listing, eve, 10_000, now=now, key=f"pledge-{serial}") for serial in range(3)]
    offered = stories.offered(eve, reviewer=dan, amount=1_000_000, term_months=6, now=now)
    held, sales = _shares(eve, bob, now=now)
    kept = saved_search.save(search.Wanted(q="oven"), party=eve.party, by=eve.user, now=now)
    mandate = mandates.create(party=eve.party, by=eve.user, terms={"per_loan": 100_000, "grades": ["A", "B", "C", "D", "E"]}, now=now)
    mandates.start(mandate, by=eve.user, now=now)
    run = runs.announce(currency="CNY", now=now)
    runs.take(run, now=now)
    drafts = [stories.draft(eve, amount=1_000_000, term_months=6, now=now + timedelta(seconds=serial)) for serial in range(2)]
    return {
        "applications": [offered.reference, *(draft.reference for draft in drafts)],
        "documents": [_document(drafts[0], now=now)],
        "offers": [offered.offers.get().reference],
        "loans": [loan.reference],
        "listings": [listing.reference],
        "searches": [kept.reference],
        "portfolio": [held],
        "sales": sales,
        "purchases": ["SB-00000000"],
        "mandates": [mandate.reference],
        "runs": [run.reference],
        "pledges": [pledge.reference for pledge in pledges],
        "wallet": [eve.party.payments.first().reference],
    }


def _shares(eve: Any, bob: Any, *, now: Any) -> tuple[str, list[str]]:
    """A loan of which both hold half, each half on offer: its listing, and the offers."""
    stories.verified_account(cast.grace(), serial=2, now=now)
    loan = stories.accepted_loan(cast.grace(), reviewer=cast.dan(), amount=1_000_000, term_months=6, now=now)
    listing = Listing.objects.get(loan=loan)
    for member in (eve, bob):
        stories.pledge(listing, member, 500_000, now=now, key=f"half-{member.user.pk}")
    outbox.drain(now=now)
    stories.pay_out(loan, proposer=cast.fay(), approver=cast.dan(), now=now)
    halves = {member.party: member for member in (eve, bob)}
    offers = [
        sale.offer(holding=half, party=half.party, by=halves[half.party].user, amount=500_000, factor=Decimal(1), key=f"offer-{half.pk}", now=now)
        for half in loan.participations.select_related("party")
    ]
    return listing.reference, [offer.reference for offer in offers]


def _document(draft: Any, *, now: Any) -> str:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from tests.loans.test_api import picture

    applications.add_document(draft, kind="quote", upload=SimpleUploadedFile("quote.png", picture(), "image/png"), now=now)
    return Document.objects.get().reference


def requests_of(operation: Any, references: list[str], **door: Any) -> st.SearchStrategy[Any]:
    """Requests that fit, about things that exist, and requests that do not fit, their address neither. `door`: how one comes in."""
    paths = [{"reference": reference} for reference in references] if "{reference}" in operation.path else [None]
    fitting = [operation.as_strategy(path_parameters=path, **door) for path in paths]
    unfitting = [operation.as_strategy(path_parameters=path, generation_mode=GenerationMode.NEGATIVE, **door) for path in (paths[0], None)]
    return st.one_of(*fitting, *fitting, *unfitting)


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore")
def test_no_fault_and_no_undocumented_answer(soak: bool, settings_of_django: Any, record_property: Callable[..., None]) -> None:
    things, eve = eves_things(), cast.eve()
    by_token, by_session = Program(eve, by_token=True), Program(eve)
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", site)
    counts: dict[str, int] = {}
    for found in schema.get_all_operations():
        operation = found.ok()
        references = things.get(operation.path.split("/")[3], [])
        by_session.proven()
        cookies = {"sessionid": by_session.client.session.session_key, "csrftoken": CSRF}
        counts[operation.label] = _fuzz(
            requests_of(operation, references, headers={"Authorization": f"Bearer {by_token.token.text}"}, cookies={}),
            requests_of(operation, references, headers={"Authorization": ""}, cookies=cookies),
            examples=EXAMPLES_SOAK if soak else EXAMPLES,
        )
    record_property("the API by generated requests", f"{len(counts)} operations, {sum(counts.values())} requests")
    assert min(counts.values()) >= EXAMPLES
    assert check_books().is_clean


def _fuzz(with_token: st.SearchStrategy[Any], with_session: st.SearchStrategy[Any], *, examples: int) -> int:
    sent = 0

    @seed(20261123)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=st.one_of(with_token, with_session), for_own_party=st.sampled_from([True, True, True, False]))
    def run(case: Any, for_own_party: bool) -> None:
        nonlocal sent
        sent += 1
        if for_own_party and case.meta.generation.mode is GenerationMode.POSITIVE:
            case.headers.pop(PARTY_HEADER, None)
        if not case.headers["Authorization"]:
            del case.headers["Authorization"]
        case.call_and_validate(headers={"X-CSRFToken": CSRF} if case.cookies else {}, checks=CHECKS)

    run()
    return sent


@pytest.fixture
def settings_of_django(settings: Any, tmp_path: Any) -> Any:
    """Nobody is told to wait, and uploads go where they are thrown away."""
    settings.API_PACES = dict.fromkeys(settings.API_PACES, (10**9, 10**6))
    settings.MEDIA_ROOT = tmp_path
    return settings
