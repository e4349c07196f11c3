"""Prosper's loans: the auction era, the posted-price era, and a small sample with every column of an application."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from credit.training import limits
from credit.training.sets import ANY_NUMBER, NUMBER, DataSet, Input, Row, numbers, plain, ratio, restricted, texts

AUCTION, POSTED = "prosper1_2006_2008", "prosper2_2009_2014"
_MEAN_FILLED_IN = 0.275947  # the cleaner of the set wrote the mean where the ratio was missing
_LOAN, _INCOME = "LoanOriginalAmount", "StatedMonthlyIncome"


def _affordability(debt_share: bool) -> tuple[Input, ...]:
    """Figures of burden; without a term in the set, a loan runs its standard 36 months."""
    own = (ratio("loan_to_income", _LOAN, _INCOME, +1), Input("loan_residue", "residue_500", (_LOAN,)))
    if not debt_share:
        return own
    return (
        *own,
        Input("debt", "product", ("DebtToIncomeRatio", _INCOME)),
        ratio("loan_to_debt", _LOAN, "debt"),
        Input("installment_share", "installment_share_36", (_LOAN, _INCOME), +1),
        Input("debt_share_with_loan", "sum", ("DebtToIncomeRatio", "installment_share"), +1),
    )


PROSPER_AUCTION = DataSet(
    name=AUCTION,
    title={"en": "Prosper, the auction era", "zh-hans": "Prosper，竞价时期"},
    period="2006 – 2008",
    fields={
        "IsBorrowerHomeowner": NUMBER,
        "DebtToIncomeRatio": {**NUMBER, "not_known": [_MEAN_FILLED_IN]},
        "CreditScoreAvg": {**NUMBER, "not_known": [9.5]},
    }
    | numbers(_INCOME, _LOAN)
    | texts("ListingCategory", "BorrowerState", "Occupation", "EmploymentStatus"),
    inputs=(
        *plain(+1, "DebtToIncomeRatio", _LOAN),
        *plain(-1, "CreditScoreAvg", _INCOME),
        *plain(0, "IsBorrowerHomeowner"),
        *_affordability(debt_share=True),
    ),
    levels=("ListingCategory", "BorrowerState", "Occupation", "EmploymentStatus"),
    price={"BorrowerRate": +1, "CreditGrade": +1},
    circle=("Recommendations",),
    not_used=("LoanStatus", "BorrowerAPR", "MonthlyLoanPayment", "ListingCreationDate"),
    limits=(limits.ONLY_FUNDED, limits.EMPLOYMENT_IS_A_DATE, limits.STATE_IS_A_PROXY, limits.PRICE_MOVES_OUTCOME, limits.FOREIGN),
    thin=(_INCOME, _LOAN, "IsBorrowerHomeowner", "ListingCategory", "Occupation", "EmploymentStatus"),
    period_of=lambda row: str(row["ListingCreationDate"])[:4],
    by_time=(("2008", "2007", "2008", "2008"),),
)

# What a borrower without a bureau can state, and most can show: ten fields.
_STATED = (
    _INCOME, _LOAN, "Term", "IsBorrowerHomeowner", "IncomeVerifiable",
    "EmploymentStatus", "EmploymentStatusDuration", "Occupation", "ListingCategory", "IncomeRange",
)  # fmt: skip

PROSPER_POSTED = DataSet(
    name=POSTED,
    title={"en": "Prosper, the posted-price era", "zh-hans": "Prosper，平台定价时期"},
    period="2009 – 2014",
    fields=numbers("Term", "EmploymentStatusDuration", "IsBorrowerHomeowner", "CreditScoreRangeLower", "IncomeVerifiable", _INCOME, _LOAN)
    | texts("ListingCategory", "BorrowerState", "Occupation", "EmploymentStatus", "IncomeRange"),
    inputs=(
        *plain(-1, "CreditScoreRangeLower", _INCOME, "IncomeVerifiable"),
        *plain(0, "Term", _LOAN, "EmploymentStatusDuration", "IsBorrowerHomeowner"),
        *_affordability(debt_share=False),
        Input("installment_share", "installment_share", (_LOAN, "Term", _INCOME), +1),
        ratio("loan_to_term", _LOAN, "Term"),
    ),
    levels=("ListingCategory", "BorrowerState", "Occupation", "EmploymentStatus", "IncomeRange"),
    price={"BorrowerRate": +1, "ProsperScore": -1},
    circle=("Recommendations",),
    not_used=("LoanStatus", "BorrowerAPR", "Investors", "ClosedYear", "ListingYear", "CreditScoreRangeUpper"),
    limits=(limits.ONLY_FUNDED, limits.RESOLVED_ONLY, limits.YEARS_ONLY, limits.STATE_IS_A_PROXY, limits.PRICE_MOVES_OUTCOME, limits.FOREIGN),
    thin=(_INCOME, _LOAN, "Term", "IsBorrowerHomeowner", "ListingCategory", "Occupation", "EmploymentStatus", "IncomeRange"),
    period_of=lambda row: str(row["ListingYear"]),
    by_time=(("2011", "2010", "2011", "2011"),),
)


THIN_FILE = replace(
    restricted(PROSPER_POSTED, _STATED),
    name="thin_file",
    file=POSTED,
    title={"en": "Thin file: ten fields, no bureau", "zh-hans": "少量信息：十个字段，不用征信"},
    not_used=(*PROSPER_POSTED.not_used, *(name for name in PROSPER_POSTED.fields if name not in _STATED)),
    identity=lambda _, row: (POSTED, row["row_id"]),
)


def _loan_of_its_era(_: str, row: Row) -> tuple[str, object]:
    """The sample's loans are those of the two big sets, and are divided as they are there."""
    listed = str(row["ListingCreationDate"])
    if listed >= "2009":
        return POSTED, row["row_id"]
    moment = datetime.fromisoformat(listed[:26]).replace(tzinfo=UTC)
    return AUCTION, f"{round(moment.timestamp() * 1000)}|{row[_LOAN]}"


_BUREAU = (
    "CreditScoreRangeLower", "CurrentCreditLines", "OpenCreditLines", "TotalCreditLinespast7years", "OpenRevolvingAccounts", "OpenRevolvingMonthlyPayment",
    "InquiriesLast6Months", "TotalInquiries", "CurrentDelinquencies", "AmountDelinquent", "DelinquenciesLast7Years", "PublicRecordsLast10Years",
    "PublicRecordsLast12Months", "RevolvingCreditBalance", "BankcardUtilization", "AvailableBankcardCredit", "TotalTrades",
    "TradesNeverDelinquent (percentage)", "TradesOpenedLast6Months",
)  # fmt: skip
_EARLIER_LOANS = (
    "TotalProsperLoans", "TotalProsperPaymentsBilled", "OnTimeProsperPayments", "ProsperPaymentsLessThanOneMonthLate", "ProsperPaymentsOneMonthPlusLate",
    "ProsperPrincipalBorrowed", "ProsperPrincipalOutstanding",
)  # fmt: skip

PROSPER_FULL_COLUMNS = DataSet(
    name="prosper_full_columns_sample",
    title={"en": "Prosper, small sample with every column", "zh-hans": "Prosper，含全部字段的小样本"},
    period="2006 – 2014",
    fields=numbers(*_BUREAU, *_EARLIER_LOANS)
    | numbers("Term", "EmploymentStatusDuration", "IsBorrowerHomeowner", "DebtToIncomeRatio", "IncomeVerifiable", _INCOME, _LOAN)
    | {"ScorexChangeAtTimeOfListing": ANY_NUMBER}
    | texts("EmploymentStatus", "IncomeRange"),
    inputs=(
        *plain(-1, "CreditScoreRangeLower", _INCOME, "IncomeVerifiable", "AvailableBankcardCredit", "TradesNeverDelinquent (percentage)"),
        *plain(+1, "DebtToIncomeRatio", "InquiriesLast6Months", "TotalInquiries", "CurrentDelinquencies", "AmountDelinquent", "DelinquenciesLast7Years"),
        *plain(+1, "PublicRecordsLast10Years", "PublicRecordsLast12Months", "ProsperPaymentsLessThanOneMonthLate", "ProsperPaymentsOneMonthPlusLate"),
        *plain(-1, "OnTimeProsperPayments", "ScorexChangeAtTimeOfListing", "EmploymentStatusDuration"),
        *plain(0, "Term", _LOAN, "IsBorrowerHomeowner", "BankcardUtilization", "RevolvingCreditBalance", "TotalTrades", "TradesOpenedLast6Months"),
        *plain(0, "CurrentCreditLines", "OpenRevolvingMonthlyPayment"),
        ratio("loan_to_income", _LOAN, _INCOME, +1),
    ),
    levels=("EmploymentStatus", "IncomeRange"),
    price={"BorrowerRate": +1, "CreditGrade": +1, "ProsperScore": -1, "ProsperRating (numeric)": -1, "ProsperRating (Alpha)": +1},
    circle=("Recommendations", "InvestmentFromFriendsCount", "InvestmentFromFriendsAmount", "CurrentlyInGroup", "in_named_group"),
    not_used=(
        "LoanStatus", "ClosedDate", "BorrowerAPR", "LenderYield", "EstimatedEffectiveYield", "EstimatedLoss", "EstimatedReturn", "LoanOriginationDate",
        "LoanOriginationQuarter", "MonthlyLoanPayment", "Investors", "ListingCreationDate", "DateCreditPulled", "FirstRecordedCreditLine",
        "CreditScoreRangeUpper", "ListingCategory (numeric)", "BorrowerState", "Occupation",
    ),
    limits=(limits.SMALL, limits.ONLY_FUNDED, limits.RESOLVED_ONLY, limits.FOREIGN),
    thin=(_INCOME, _LOAN, "Term", "IsBorrowerHomeowner", "EmploymentStatus", "IncomeRange"),
    identity=_loan_of_its_era,
)  # fmt: skip
