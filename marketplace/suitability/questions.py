"""The knowledge test: six questions about what lending here is, each with one right answer. Answers are kept by number: nothing is reworded in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Question:
    code: str
    text: StrOrPromise
    answers: tuple[StrOrPromise, ...]
    right: int
    why: StrOrPromise


QUESTIONS = (
    Question(
        "loss",
        _("A borrower stops paying. Who bears the loss?"),
        (_("The platform"), _("Those who funded the loan"), _("A deposit guarantee")),
        1,
        _("No fund and no guarantee covers a loan. What is not recovered is lost to its holders."),
    ),
    Question(
        "early",
        _("You need your money before the loan ends. What can you do?"),
        (_("Ask the platform to pay it back"), _("Ask the borrower to repay at once"), _("Offer your share to other investors, and perhaps find no buyer")),
        2,
        _("Nobody has to buy your share, and it may sell below what is owed on it."),
    ),
    Question(
        "rate",
        _("Loan A pays 7% a year and loan B 14%. What does that tell you?"),
        (_("B is expected to lose more"), _("B is the better loan"), _("Both are equally safe")),
        0,
        _("The rate pays for the loss that is expected. A higher rate is a higher risk."),
    ),
    Question(
        "spread",
        _("Which of these makes one default hurt least?"),
        (_("All money in the loan you trust most"), _("Small amounts in many loans"), _("Only short loans")),
        1,
        _("With a hundred loans one default costs about a hundredth; with one loan it costs everything."),
    ),
    Question(
        "past",
        _("Loans of grade A have returned 5% a year so far. What will they return?"),
        (_("5% a year"), _("At least 5% a year"), _("Nobody knows; it may be a loss")),
        2,
        _("Past returns do not promise future ones."),
    ),
    Question(
        "license",
        _("The platform closes down. What happens to your loans?"),
        (_("They stand: the borrowers owe you, and collecting may take longer"), _("They are repaid at once"), _("They become the platform’s")),
        0,
        _("A share is a claim on the borrower, not on the platform; but running it down takes time and may cost money."),
    ),
)


def right(answers: Mapping[str, int]) -> int:
    """How many are right."""
    return sum(answers.get(question.code) == question.right for question in QUESTIONS)


def right_share(count: int) -> Decimal:
    return Decimal(count) / len(QUESTIONS)
