"""Sets of other lenders: card clients in Taiwan, and the German credit file."""

from __future__ import annotations

from credit.training import limits
from credit.training.sets import ANY_NUMBER, DataSet, Input, numbers, plain, ratio, texts

_MONTHS = range(1, 7)
_STATUS = ("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6")
_BILLS = tuple(f"BILL_AMT{month}" for month in _MONTHS)
_PAID = tuple(f"PAY_AMT{month}" for month in _MONTHS)


def _age(years: int) -> str:
    return "under 30" if years < 30 else "30 to 44" if years < 45 else "45 and over"


TAIWAN_CARDS = DataSet(
    name="taiwan_cards_2005",
    title={"en": "Card clients in Taiwan", "zh-hans": "台湾信用卡客户"},
    period="2005-04 – 2005-09",
    fields=dict.fromkeys((*_STATUS, *_BILLS), ANY_NUMBER) | numbers("LIMIT_BAL", *_PAID),
    inputs=(
        *plain(-1, "LIMIT_BAL", *_PAID),
        *plain(+1, *_STATUS),
        *plain(0, *_BILLS),
        Input("worst_status", "most", _STATUS, +1),
        Input("months_status", "sum", _STATUS, +1),
        Input("largest_bill", "most", _BILLS),
        Input("all_bills", "sum", _BILLS),
        Input("all_paid", "sum", _PAID, -1),
        Input("least_paid", "least", _PAID, -1),
        *(ratio(f"use_of_limit_{month}", f"BILL_AMT{month}", "LIMIT_BAL", +1) for month in (1, 2, 6)),
        *(ratio(f"paid_of_bill_{month}", f"PAY_AMT{month}", f"BILL_AMT{month + 1}") for month in (1, 2, 3)),
        ratio("all_paid_of_bills", "all_paid", "all_bills"),
        ratio("all_paid_to_limit", "all_paid", "LIMIT_BAL", -1),
        Input("growth_of_bill", "difference", ("BILL_AMT1", "BILL_AMT6")),
        Input("change_of_status", "difference", ("PAY_0", "PAY_2")),
        Input("left_on_card", "difference", ("LIMIT_BAL", "BILL_AMT1"), -1),
    ),
    protected=("SEX", "MARRIAGE", "AGE"),
    groups={"sex": lambda row: "women" if row["SEX"] == 2 else "men", "age": lambda row: _age(row["AGE"])},
    not_used=("EDUCATION",),
    limits=(limits.BEHAVIOR, limits.NO_DATES, limits.FOREIGN),
    thin=("LIMIT_BAL",),
)

GERMAN = DataSet(
    name="german_1994",
    title={"en": "German credit file", "zh-hans": "德国信贷档案"},
    period="1973 – 1975",
    fields=numbers(
        "duration_in_month", "credit_amount", "installment_rate_in_percentage_of_disposable_income", "present_residence_since",
        "number_of_existing_credits_at_this_bank",
    )
    | texts(
        "status_of_existing_checking_account", "credit_history", "purpose", "savings_account_and_bonds", "present_employment_since", "property",
        "other_installment_plans", "housing", "job", "telephone",
    ),
    inputs=(
        *plain(+1, "duration_in_month", "installment_rate_in_percentage_of_disposable_income"),
        *plain(0, "credit_amount", "present_residence_since", "number_of_existing_credits_at_this_bank"),
        ratio("amount_to_month", "credit_amount", "duration_in_month"),
    ),
    levels=(
        "status_of_existing_checking_account", "credit_history", "purpose", "savings_account_and_bonds", "present_employment_since", "property",
        "other_installment_plans", "housing", "job", "telephone",
    ),
    circle=("other_debtors_or_guarantors", "number_of_people_being_liable_to_provide_maintenance_for"),
    groups={"sex": lambda row: "women" if "female" in row["personal_status_and_sex"] else "men", "age": lambda row: _age(row["age_in_years"])},
    protected=("personal_status_and_sex", "age_in_years", "foreign_worker"),
    limits=(limits.SMALL, limits.OLD, limits.NO_DATES, limits.FOREIGN),
    thin=("duration_in_month", "credit_amount", "purpose", "housing", "job"),
)  # fmt: skip
