"""The table of disclosure, written down a second time and in other words: who changes one has to change both, and say why."""

from itertools import product

from loans import disclosure
from loans.models import BorrowerFile
from privacy.fields import encrypted_fields

RELATIONS = ("investor", "pledger", "holder", "claimant")
STAGES = ("listing", "funded", "late", "default", "enforcement", "closed")
WHOLE = {"occupation", "industry", "region", "overdue_count_6m", "repayment_source"}
IN_BANDS = {"months_at_work", "income_monthly", "debt_total", "debt_other_platforms"}
IDENTITY = {"legal_name", "address"}  # to the named claimant in enforcement, and to nobody else ever
NEVER = {"phone", "housing", "debt_monthly", "background", "repayment_plan"}
AFTER_PAYOUT = {"schedule", "payments", "days_late", "stage", "plan"}
AFTER_DEFAULT = {"steps": {"default", "enforcement"}, "recovery": {"default", "enforcement", "closed"}}


def promised(field: str, relation: str, stage: str) -> str:
    if field in WHOLE:
        return "full"
    if field in IN_BANDS:
        return "band"
    return "full" if field in IDENTITY and (relation, stage) == ("claimant", "enforcement") else "hidden"


def test_every_field_of_a_file_is_shown_as_promised_to_everybody_at_every_stage() -> None:
    assert encrypted_fields(BorrowerFile).keys() == disclosure.TABLE.keys() == WHOLE | IN_BANDS | IDENTITY | NEVER
    cells = product(disclosure.TABLE, (*RELATIONS, "borrower", "contact", ""), STAGES)
    wrong = [
        (field, relation, stage)
        for field, relation, stage in cells
        if disclosure.form_of(field, relation=relation, stage=stage) != (promised(field, relation, stage) if relation in RELATIONS else "hidden")
    ]
    assert wrong == []


def test_every_fact_of_a_loan_in_life_is_shown_as_promised() -> None:
    assert disclosure.LIFE.keys() == AFTER_PAYOUT | AFTER_DEFAULT.keys()
    for fact, relation, stage in product(disclosure.LIFE, RELATIONS, STAGES):
        stages = AFTER_DEFAULT.get(fact, set(STAGES) - {"listing"})
        assert disclosure.shows(fact, relation=relation, stage=stage) == (relation in ("holder", "claimant") and stage in stages), (fact, relation, stage)
