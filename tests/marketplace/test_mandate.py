"""Mandates: what contradicts itself is refused at its field, what is kept is never edited, and the preview says what the engine will say."""

from datetime import datetime
from decimal import Decimal
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.utils import timezone

from core import business_day, states
from marketplace import mandate as mandates
from marketplace import mandate_preview, mandate_words
from marketplace.models import Listing, Mandate, MandateTerms
from tests import cast, stories
from tests.cast import bob, carol, client_of
from tests.programs import Program, problem
from tests.worlds import world

pytestmark = pytest.mark.django_db
TERMS: dict[str, Any] = {"grades": ["A", "B", "C", "D", "E"], "per_loan": 50_000}


@world
def now() -> datetime:
    """Today; everybody of these stories has signed up."""
    moment = timezone.now()
    business_day.advance(to=timezone.localdate(), now=moment)
    for member in (cast.alice, bob, cast.dan):
        member(now=moment)
    return moment


@world
def listing(now: datetime) -> Listing:
    """A loan of Alice's for 48,000 yuan; Bob has 5,000."""
    loan = stories.accepted_loan(cast.alice(), reviewer=cast.dan(), amount=4_800_000, term_months=6, now=now)
    stories.pay_in(bob(), 500_000, now=now)
    return Listing.objects.get(loan=loan)


def typed(**changes: Any) -> dict[str, Any]:
    """The form as the page sends it; a change to None leaves a field out."""
    fields = {"grades": ["A", "B"], "per_loan": "500", "reinvest": "on", "risk": "on", "idempotency_key": uuid4().hex} | changes
    return {name: value for name, value in fields.items() if value is not None}


def test_a_mandate_is_set_started_changed_and_deleted(now: datetime) -> None:
    browser = client_of(bob())
    made = browser.post("/mandates/new/", typed(min_rate="8", most_grade_B="30", keep_cash="1,000"))
    assert made.status_code == 302, made.context["form"].errors
    own = Mandate.objects.get()
    assert (made["Location"], own.state, own.version) == (f"/mandates/{own.reference}/", "stopped", 1)
    terms = mandates.terms_of(own)
    assert (terms.min_rate, terms.limits, terms.keep_cash, terms.reinvest) == (Decimal("0.08"), [["grade", "B", "0.3"]], 100_000, True)
    browser.post(f"/mandates/{own.reference}/start/")
    own.refresh_from_db()
    assert own.state == "running"
    assert own.running_since is not None
    assert browser.post(f"/mandates/{own.reference}/edit/", typed(per_loan="800")).status_code == 302
    own.refresh_from_db()
    assert (own.version, mandates.terms_of(own).per_loan, own.versions.get(number=1).per_loan) == (2, 80_000, 50_000)
    browser.post(f"/mandates/{own.reference}/delete/")
    assert [change.state for change in states.history(own)] == ["stopped", "running", "ended"]
    assert browser.get(f"/mandates/{own.reference}/").status_code == 404


def test_the_same_terms_again_are_no_new_version(now: datetime) -> None:
    own = mandates.create(party=bob().party, by=bob().user, terms=TERMS, now=now)
    assert mandates.change(own, by=bob().user, terms=TERMS, now=now) == 1
    assert mandates.change(own, by=bob().user, terms=TERMS | {"per_loan": 60_000}, now=now) == 2


def test_terms_once_kept_are_never_edited(now: datetime) -> None:
    own = mandates.create(party=bob().party, by=bob().user, terms=TERMS, now=now)
    for attempt in (lambda: MandateTerms.objects.update(per_loan=1), lambda: MandateTerms.objects.filter(mandate=own).delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()


CONTRADICTIONS = (
    ({"min_rate": "36"}, "min_rate", "never reached"),
    ({"per_loan": "50"}, "per_loan", "smallest share"),
    ({"per_borrower": "400"}, "per_borrower", "contradicts itself"),
    ({"share_of_loan": "0.4", "amounts": ["to_20k"]}, "share_of_loan", "less than"),
    ({"most_grade_E": "20"}, "most_grade_E", "have not chosen"),
    ({"purposes": ["vehicle"], "most_purpose_home": "20"}, "most_purpose_home", "have not chosen"),
    ({"terms": ["12"], "most_term_months_24": "20"}, "most_term_months_24", "have not chosen"),
    ({"most_grade_A": "0"}, "most_grade_A", "greater than or equal"),
    ({"most_grade_A": "101"}, "most_grade_A", "less than or equal"),
    ({"share_of_loan": "ten"}, "share_of_loan", "Enter a number"),
    ({"per_loan": None}, "per_loan", "Enter an amount"),
    ({"grades": ["Z"]}, "grades", "not one of the available choices"),
    ({"terms": ["13"]}, "terms", "not one of the available choices"),
    ({"keep_cash": "-5"}, "keep_cash", ""),
    ({"risk": None}, "risk", "You can lose money"),
)


@pytest.mark.parametrize(("change", "field", "words"), CONTRADICTIONS)
def test_what_contradicts_itself_is_said_at_its_field_and_nothing_is_kept(now: datetime, change: dict[str, Any], field: str, words: str) -> None:
    answer = client_of(bob()).post("/mandates/new/", typed(**change))
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    assert words in str(answer.context["form"].errors[field])
    assert not Mandate.objects.exists()


def test_per_cents_are_typed_as_people_type_them(now: datetime) -> None:
    client_of(bob()).post("/mandates/new/", typed(share_of_loan="１２．５%", min_rate="8.25 %"))
    assert (MandateTerms.objects.get().share_of_loan, MandateTerms.objects.get().min_rate) == (Decimal("0.125"), Decimal("0.0825"))


def test_nothing_about_a_person_can_be_a_criterion() -> None:
    """What a mandate may look at, all of it: loans, not people. Family, age, sex, origin, faith, health, contacts have no field and get none in silence."""
    assert {*mandates.CRITERIA} == {"grades", "min_rate", "terms", "purposes", "industries", "regions", "amounts", "verifications", "methods"}
    assert {field.name for field in MandateTerms._meta.concrete_fields} - {*mandates.FIELDS} == {
        *("id", "mandate", "number", "made_by", "made_at", "risk_acknowledged_at")
    }


def test_one_investor_has_at_most_twenty_through_whichever_party(now: datetime) -> None:
    for _number in range(mandates.MANDATES_MAX):
        mandates.create(party=bob().party, by=bob().user, terms=TERMS, now=now)
    answer = client_of(bob()).post("/mandates/new/", typed())
    assert answer.status_code == 422
    assert "as many as one investor may have" in answer.content.decode()
    problem(Program(bob()).post("mandates/", body()), 409, "too_many")
    mandates.end(Mandate.objects.first(), by=bob().user, now=now)
    assert client_of(bob()).post("/mandates/new/", typed()).status_code == 302
    mandates.create(party=carol().party, by=carol().user, terms=TERMS, now=now)


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_do_not_pass_the_limit(now: datetime) -> None:
    member = bob(now=now)
    for _number in range(mandates.MANDATES_MAX - 1):
        mandates.create(party=member.party, by=member.user, terms=TERMS, now=now)
    refused: list[str] = []

    def one_more() -> None:
        try:
            mandates.create(party=member.party, by=member.user, terms=TERMS, now=now)
        except mandates.UnableToMandate as error:
            refused.append(error.code)
        finally:
            connection.close()

    threads = [Thread(target=one_more) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (Mandate.objects.count(), refused) == (mandates.MANDATES_MAX, ["too_many"] * 9)


def test_the_order_is_the_investors(now: datetime) -> None:
    first, second, third = (mandates.create(party=bob().party, by=bob().user, terms=TERMS, now=now) for _ in range(3))
    mandates.move_up(third)
    mandates.move_up(first)
    assert [one.pk for one in mandates.of(bob().party)] == [first.pk, third.pk, second.pk]


def test_a_stranger_finds_no_mandate_of_bobs(now: datetime) -> None:
    own = mandates.create(party=bob().party, by=bob().user, terms=TERMS, now=now)
    stranger = client_of(carol())
    for address in ("", "edit/"):
        assert stranger.get(f"/mandates/{own.reference}/{address}").status_code == 404
    for verb in ("start", "delete", "up", "anything"):
        assert stranger.post(f"/mandates/{own.reference}/{verb}/").status_code == 404
    assert client_of(bob()).post(f"/mandates/{own.reference}/anything/").status_code == 404


def test_the_preview_counts_what_fits(listing: Listing, now: datetime) -> None:
    later = timezone.now()
    wide = mandate_preview.preview(MandateTerms(**TERMS), party=bob().party, now=later)
    assert (wide.live, wide.open_amount, wide.past, wide.listed) == (1, 4_800_000, 1, 1)
    assert (wide.could_place, wide.idle) == (50_000, 500_000)
    assert wide.low == wide.high == listing.expected_net
    for criterion in ({"grades": ["A"] if listing.grade != "A" else ["B"]}, {"terms": [36]}, {"purposes": ["home"]}, {"min_rate": Decimal("0.11")}):
        assert mandate_preview.preview(MandateTerms(**TERMS | criterion), party=bob().party, now=later).live == 0
    for criterion in ({"industries": ["technology"]}, {"amounts": ["to_20k"]}, {"verifications": ["documents"]}, {"methods": ["equal_principal"]}):
        assert mandate_preview.preview(MandateTerms(**TERMS | criterion), party=bob().party, now=later).live == 0
    fitting = {"amounts": ["to_50k"], "verifications": ["identity"], "methods": [listing.method], "purposes": ["equipment"], "terms": [6]}
    assert mandate_preview.preview(MandateTerms(**TERMS | fitting), party=bob().party, now=later).live == 1


def test_the_preview_answers_while_typing_and_on_the_page_without_script(listing: Listing) -> None:
    browser = client_of(bob())
    assert "open loan fits now" in browser.get("/mandates/new/").content.decode()
    live = browser.post("/mandates/preview/", typed(grades=None, risk=None)).content.decode()
    assert "open loan fits now" in live
    assert "marked fields" in browser.post("/mandates/preview/", typed(per_loan="50")).content.decode()
    assert not Mandate.objects.exists()


def test_an_industry_said_in_wider_words_fits_only_who_wants_all_of_it() -> None:
    from marketplace import attributes

    assert attributes.industries_wanted(["food", "retail"]) == {"food", "retail"}
    goods = ["agriculture", "manufacturing", "construction"]
    assert attributes.industries_wanted(goods) == {*goods, "goods"}


def test_a_mandate_in_plain_words(now: datetime) -> None:
    terms = MandateTerms(
        grades=["A", "B"],
        min_rate=Decimal("0.08"),
        terms=[24, 12],
        per_loan=50_000,
        share_of_loan=Decimal("0.1"),
        limits=[["grade", "B", "0.3"]],
        keep_cash=10_000,
    )
    assert list(mandate_words.everything(terms)) == [
        "Grade: A or B",
        "Rate: from 8.00% a year",
        "Term: 12 months or 24 months",
        *(f"{what}: any" for what in ("Purpose", "Industry", "Region", "Amount of the loan", "What was checked", "Repayment")),
        "In one loan: ¥500",
        "Of any loan: 10%",
        "Grade B: 30%",
        "¥100 always stays in your wallet.",
        "What comes back from loans is lent again.",
    ]


def body(**changes: Any) -> dict[str, Any]:
    return {"grades": ["A", "B"], "per_loan": 50_000, "reinvest": True, "risk": True} | changes


def test_the_same_by_program(listing: Listing) -> None:
    program = Program(bob(), by_token=True)
    made = program.post("mandates/", body(min_rate="0.08", limits=[{"attribute": "grade", "value": "B", "share": "0.3"}]))
    assert made.status_code == 201, made.content
    row = made.json()
    assert (row["state"], row["min_rate"], row["limits"]) == ("stopped", "0.08", [{"attribute": "grade", "value": "B", "share": "0.3"}])
    assert program.post(f"mandates/{row['reference']}/start/").json()["state"] == "running"
    changed = program.put(f"mandates/{row['reference']}/", body(grades=[], per_loan=60_000)).json()
    assert (changed["version"], changed["per_loan"], changed["grades"], changed["min_rate"]) == (2, 60_000, [], None)
    found = program.get(f"mandates/{row['reference']}/preview/").json()
    assert (found["live"], found["could_place"]) == (1, 60_000)
    assert [one["reference"] for one in program.get("mandates/").json()["results"]] == [row["reference"]]
    assert program.post(f"mandates/{row['reference']}/delete/").json()["state"] == "ended"
    assert program.get(f"mandates/{row['reference']}/").status_code == 404


WRONG = (
    ({"per_loan": 5}, "per_loan"),
    ({"grades": ["Z"]}, "grades"),
    ({"grades": "A"}, "grades"),
    ({"min_rate": "0.5"}, "min_rate"),
    ({"limits": [{"attribute": "region", "value": "east", "share": "0.3"}]}, "limits"),
    ({"limits": [{"attribute": "grade", "value": "F", "share": "0.3"}]}, "limits"),
    ({"age": 30}, "age"),
    ({"risk": False}, "risk"),
)


def test_a_program_is_told_the_field(now: datetime) -> None:
    program = Program(bob())
    for change, field in WRONG:
        answer = program.post("mandates/", body(**change))
        assert (answer.status_code, field in str(answer.json()["errors"])) == (422, True), answer.content
    assert not Mandate.objects.exists()


def test_one_key_sets_one_mandate(now: datetime) -> None:
    program = Program(bob())
    first, again = (program.post("mandates/", body(), key="one-key-0001") for _ in range(2))
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert Mandate.objects.count() == 1
