"""At least five people fit whatever a listing says: for every file and every population, and two listings together say no more than one."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import pytest
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from core import outbox
from loans import anonymity, disclosure, population, words
from loans import application as applications
from loans.anonymity import LADDERS, K, choose, pattern
from loans.models import BorrowerFile, PopulationCell
from marketplace import presenting
from tests import stories
from tests.cast import alice, carol, grace
from tests.marketplace.test_notices import listed, start

__all__ = ["start"]
NOTHING = {name: ladder.hidden for name, ladder in LADDERS.items()}
EXACT = dict.fromkeys(LADDERS, 0)
cells = st.fixed_dictionaries({name: st.sampled_from([*ladder.groups[0], None]) for name, ladder in LADDERS.items()})
level_vectors = st.fixed_dictionaries({name: st.integers(0, ladder.hidden) for name, ladder in LADDERS.items()})


@dataclass(frozen=True)
class Crowd:
    """A population written out person by person: a count that owes nothing to the product."""

    members: tuple
    code: str = "crowd"

    def count(self, wanted):
        return sum(all(codes is None or person[name] in codes for name, codes in wanted.items()) for person in self.members)


crowds = st.lists(cells, min_size=1, max_size=60).map(lambda members: Crowd(tuple(members)))


def said(cell, levels):
    return {name: ladder.said(cell[name], levels[name]) for name, ladder in LADDERS.items() if cell[name] is not None}


def could_be(person, words_said):
    """Would the same words be true of this person, at some level of the ladder?"""
    return all(word is None or any(group.get(person[name]) == word for group in LADDERS[name].groups) for name, word in words_said.items())


@given(cell=cells)
@settings(max_examples=150, deadline=None)
def test_five_people_of_the_shipped_table_fit_what_is_said(cell):
    chosen = choose(cell, population.shipped())
    assert chosen.people >= K
    assert chosen.people == population.shipped().count(pattern(cell, chosen.levels))
    assert chosen == choose(cell, population.shipped())


@given(crowd=crowds)
@settings(max_examples=60, deadline=None)
def test_five_people_of_any_crowd_fit_or_nothing_is_said(crowd):
    for person in crowd.members[:4]:
        chosen = choose(person, crowd)
        fitting = sum(could_be(other, said(person, chosen.levels)) for other in crowd.members)
        assert fitting >= K or not any(said(person, chosen.levels).values())


@given(cell=cells, levels=level_vectors, more=level_vectors)
@settings(max_examples=200, deadline=None)
def test_wider_words_never_fit_fewer_and_never_tell_more(cell, levels, more):
    wider = {name: max(levels[name], more[name]) for name in LADDERS}
    assert population.shipped().count(pattern(cell, levels)) <= population.shipped().count(pattern(cell, wider))
    for name, codes in pattern(cell, levels).items():
        above = pattern(cell, wider)[name]
        assert above is None or (codes is not None and codes <= above)


@given(first=cells, second=cells)
@settings(max_examples=80, deadline=None)
def test_a_second_listing_never_narrows_the_first(first, second):
    """The words of both are true together of everybody of whom the first was true, as far as the answers are the same."""
    one = choose(first, population.shipped())
    answers = {name: first[name] if first[name] is not None else second[name] for name in first}
    two = choose(answers, population.shipped(), floor=one.levels)
    for name, ladder in LADDERS.items():
        assert two.levels[name] >= one.levels[name]
        if first[name] is not None and two.levels[name] < ladder.hidden:
            assert pattern(first, one.levels)[name] <= pattern(answers, two.levels)[name]


def test_ladders_nest():
    for ladder in LADDERS.values():
        assert list(ladder.costs) == sorted(ladder.costs)
        assert len(ladder.costs) == ladder.hidden + 1
        for finer, wider in pairwise(ladder.groups):
            assert set(finer) == set(wider)
            assert all(len({wider[code] for code in finer if finer[code] == word}) == 1 for word in finer.values())


def test_every_code_of_the_form_is_on_its_ladder_and_every_wider_word_has_words():
    for name, catalog in {"region": words.REGIONS, "industry": words.INDUSTRIES, "occupation": words.OCCUPATIONS, "repayment_source": words.SOURCES}.items():
        assert set(catalog) == set(LADDERS[name].groups[0])
        known = {*catalog, *words.GROUPS.get(name, {})}
        assert {word for group in LADDERS[name].groups for word in group.values()} <= known
    for name, (fine, wide) in anonymity.THRESHOLDS.items():
        assert set(wide) < set(fine), name


def test_an_unknown_code_fits_nobody_and_is_left_out():
    chosen = choose(EXAMPLE | {"region": "Atlantis"}, population.shipped())
    assert said(EXAMPLE | {"region": "Atlantis"}, chosen.levels)["region"] is None


def test_the_shipped_table_adds_up():
    table = population.shipped()
    assert table.count(dict.fromkeys(LADDERS)) == table.table["people"]
    by_region = Counter({code: table.count(dict.fromkeys(LADDERS) | {"region": frozenset([code])}) for code in words.REGIONS})
    assert sum(by_region.values()) == table.table["people"]
    assert table.table["sources"]
    assert table.table["approximations"]


EXAMPLE = population.cell_of(
    "person",
    {
        "region": "ZJ",
        "industry": "food",
        "occupation": "self_employed",
        "months_at_work": "72",
        "income_monthly": "1500000",
        "repayment_source": "business",
    },
)
CASES = """
    a baker in Zhejiang                   | ZJ food self_employed 72 15000 business     | as answered
    a civil servant in a kitchen          | ZJ food civil_servant 72 6000 salary        | occupation
    a rich farmer in Beijing              | BJ agriculture manager 6 150000 harvest     | region months_at_work occupation
    out of work, in a technology firm     | SH technology unemployed 100 70000 rent     | occupation repayment_source
    a builder in a province of the center | HA construction skilled 30 9000 salary      | as answered
"""


@pytest.mark.parametrize("line", [line for line in CASES.splitlines() if line.strip()])
def test_cases(line):
    _title, answers, expected = (part.strip() for part in line.split("|"))
    region, industry, occupation, months, income, source = answers.split()
    given_answers = {"region": region, "industry": industry, "occupation": occupation, "months_at_work": months, "repayment_source": source}
    chosen = choose(population.cell_of("person", given_answers | {"income_monthly": f"{income}00"}), population.shipped())
    assert sorted(chosen.coarsened) == ([] if expected == "as answered" else sorted(expected.split()))


# --- In the product


@pytest.mark.django_db
def test_a_rare_borrower_is_listed_with_wider_words_and_it_stays_so(start, monkeypatch):
    """Alice earns what few in her province earn; her listing is published all the same, and later looks say no more."""
    monkeypatch.setitem(stories.ANSWERS["finances"], "income_monthly", "15000000")
    monkeypatch.setitem(stories.ANSWERS["finances"], "region", "BJ")
    loan, listing = listed(start)
    published = listing.disclosed["facts"]
    assert {name for name, cell in published.items() if cell.get("level")} == {"income_monthly", "months_at_work"}
    assert published["income_monthly"]["value"] == {"from": 35_000, "to": None}
    with override("en"):
        assert ("Income a month", "¥35,000 or more") in presenting.facts(listing)
    file = BorrowerFile.objects.get(pk=loan.file_id)
    assert file.spoken["income_monthly"] == 1
    monkeypatch.setattr(population, "current", lambda: pytest.fail("what was published stays as it was"))
    again = disclosure.disclose(file, relation="holder", actor=disclosure.Actor("system", None, "test"), page="test", now=start)
    assert {name: again[name] for name in published} == published


@pytest.mark.django_db
def test_what_nobody_else_fits_reads_not_shown_and_the_listing_is_not_withheld(start, monkeypatch):
    monkeypatch.setattr(population, "current", lambda: Crowd((EXAMPLE,)))
    _loan, listing = listed(start)
    with override("en"):
        shown = dict(presenting.facts(listing))
    assert {shown[name] for name in ("Province", "Industry", "Work", "Time in this work", "Income a month", "Repaid from")} == {"Not shown"}
    assert listing.state == "open"
    assert listing.disclosed["party_kind"] is None
    assert presenting.is_less_precise(listing)


@pytest.mark.django_db
def test_a_persons_second_listing_is_never_more_precise(start):
    listed(start)
    BorrowerFile.objects.update(spoken=EXACT | {"region": 2})
    second = stories.draft(alice(), amount=2_000_000, term_months=6, now=start)
    values = {"region": "ZJ", "industry": "food"}
    assert disclosure.spoken(second.file, values)["region"] == 2
    other = stories.draft(carol(), amount=2_000_000, term_months=6, now=start)
    assert disclosure.spoken(other.file, values)["region"] == 0


@pytest.mark.django_db
def test_applicants_are_counted_once_a_person_and_named_nowhere(start):
    for borrower in (alice(), alice(), grace()):
        application = stories.draft(borrower, amount=1_000_000, term_months=6, now=start)
        applications.submit(application, by=borrower.user, as_of=start.date(), now=start)
        outbox.drain(now=start)
    assert sum(PopulationCell.objects.values_list("people", flat=True)) == 2
    assert not [field.name for field in PopulationCell._meta.get_fields() if field.is_relation]
    own = population.Applicants()
    assert own.count(dict.fromkeys(LADDERS)) == 2
    assert own.count(pattern(EXAMPLE, NOTHING)) == 2
    assert own.count(pattern(EXAMPLE | {"region": "SH"}, EXACT)) == 0


@pytest.mark.django_db
def test_applicants_take_the_place_of_the_table_when_there_are_enough():
    assert population.current().code == "cn-work-2023/1"
    PopulationCell.objects.create(**{name: code or "" for name, code in EXAMPLE.items()}, people=population.ENOUGH)
    assert population.current().code == "applicants"
    assert choose(EXAMPLE, population.current()).coarsened == []
    assert choose(EXAMPLE | {"income_monthly": "120000"}, population.current()).coarsened == ["income_monthly"]


@pytest.mark.django_db
def test_a_claimant_is_not_told_in_wider_words(start):
    loan, _listing = listed(start)
    record = disclosure.disclose(loan.file, relation="claimant", stage="enforcement", actor=disclosure.Actor("system", None, "test"), page="test", now=start)
    assert not [cell for cell in record.values() if "level" in cell]
