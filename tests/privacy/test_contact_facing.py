"""What a contact reads about a decision tells nothing of the affair of whoever named them: not by its reason, its purpose, its law or its code."""

import json
from itertools import product

import pytest
from django.utils import timezone, translation

from privacy import contact_words, passport
from privacy.contact_facing import ForContact
from privacy.models import ContactDecision
from privacy.outreach_texts import DEBT_WORDS

CITED = [
    ("China Banking Association collection guideline", "中国银行业协会催收工作指引"),
    ("Civil Code art. 1033", "《民法典》第1033条"),
    ("FDCPA 15 U.S.C. 1692b: location information, never that a debt exists", "美国《公平债务催收法》第1692b条"),
]


def row(reason: str, purpose: str, cited: tuple[str, str] = CITED[0], basis: str = "law") -> ContactDecision:
    now = timezone.now()
    values = {"reason": reason, "purpose": purpose, "role": "contact", "channel": "sms", "actor": "system", "basis": basis, "pack": "CN@2026-11"}
    values |= {"citation": cited[0], "citation_zh": cited[1], "decision": "allow" if reason.startswith("A_") else "deny"}
    return ContactDecision(reference="CD-TEST", secondary=list(contact_words.REASONS), at=now, **values)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_invariant_2_no_reason_purpose_or_law_tells_a_contact_of_a_debt(language: str) -> None:
    with translation.override(language):
        for reason, purpose, cited in product(contact_words.REASONS, contact_words.PURPOSES, CITED):
            told = ForContact(row(reason, purpose, cited))
            read = [told.why, told.purpose, told.basis, told.citation, told.role, told.code, *told.others]
            found = [text for text in read if DEBT_WORDS.search(text)]
            assert not found, (reason, purpose)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_what_speaks_of_somebody_else_reads_alike_whatever_it_is(language: str) -> None:
    """A payment not late enough, a complaint, a lawyer, a consent taken back: one sentence, one code, one ground."""
    theirs = ["D_TOO_EARLY", "D_COMPLAINT_PENDING", "D_ATTORNEY", "D_CEASE", "D_BORROWER_REACHABLE", "D_NO_BORROWER_CONSENT", "D_NECESSITY_MISSING"]
    with translation.override(language):
        read = {(told.why, told.code, told.basis, told.citation) for told in (ForContact(row(reason, "locate_borrower", CITED[1])) for reason in theirs)}
    assert len(read) == 1


@pytest.mark.parametrize("reason", ["A_LOCATE_OPTED_IN", "D_QUIET_HOURS", "D_TOO_EARLY"])
def test_the_copy_as_data_says_no_more_than_the_page(reason: str) -> None:
    copied = passport._attempt(passport.Attempt(row(reason, "locate_borrower")), None, now=timezone.now())  # type: ignore[arg-type]
    assert not DEBT_WORDS.search(json.dumps({**copied, "at": ""}, ensure_ascii=False))
