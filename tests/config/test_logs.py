"""A log line may be read by anybody who runs the machine: it names no person and opens no door."""

import logging

import pytest
from django.utils import timezone

from config.logs import RedactingFormatter, redact

KEPT = [
    "loan LN-7K3F9Q2M paid 1234567.89 CNY",
    "job 12345678 done in 0.25 s",
    "2026-11-24 10:15:00 transfer 00000000-1111-4222-8333-444444444444",
    "GET /listings/LS-0123ABCD 200",
]
HIDDEN = [
    ("mail to li.wei+loans@example.com.cn bounced", "li.wei"),
    ("resident 11010519491231002X applied", "11010519491231002"),
    ("company 91350100M000100Y43 applied", "91350100M000100Y43"),
    ("card 6222 0212 3456 7890 123 refused", "6222"),
    ("call 13812345678 now", "13812345678"),
    ("call +86 138 1234 5678 now", "1234"),
    ("call +44 20 7946 0958 now", "7946"),
    ("Authorization: Token 0123456789abcdef0123456789abcdef", "0123456789abcdef"),
    ("{'password': 'correct horse'}", "correct"),
    ("POST /accounts/password/reset/key/1-abcdef-0123/ 200", "abcdef"),
    ("POST /accounts/confirm-email/MTIz:1abc:xyz/ 200", "1abc"),
    ("redis+socket://:hunter2secret@/run/valkey.sock", "hunter2secret"),
    ("postgres://app:hunter2secret@db/loans", "hunter2secret"),
]


@pytest.mark.parametrize("text", KEPT)
def test_what_identifies_nobody_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(("text", "private"), HIDDEN)
def test_what_identifies_or_opens_goes(text: str, private: str) -> None:
    assert private not in redact(text)


def test_exceptions_are_redacted_too() -> None:
    try:
        raise ValueError("no such person: carol@example.com")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", (), (ValueError, error, error.__traceback__))
    line = RedactingFormatter("%(message)s").format(record)
    assert "ValueError" in line
    assert "carol" not in line


def test_an_exception_is_named_and_placed_but_not_quoted() -> None:
    """The row a rule refused, the word that was no number: whatever it chokes on is somebody's."""
    try:
        try:
            int("慕容雪")
        except ValueError as error:
            raise LookupError("慕容雪 of 西湖区 is not there") from error
    except LookupError as error:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", (), (LookupError, error, error.__traceback__))
    record.exc_text = "慕容雪, as another handler wrote it"
    line = RedactingFormatter("%(message)s").format(record)
    assert line.index("ValueError") < line.index("LookupError")
    assert "test_logs.py" in line
    assert "慕容雪" not in line.replace('int("慕容雪")', "").replace('raise LookupError("慕容雪 of 西湖区 is not there")', ""), "but for our own source"
    assert record.exc_text is None


def test_a_rule_of_the_database_is_named_and_the_row_is_not(db: None) -> None:
    from core.models import Job

    try:
        Job.objects.create(name="慕容雪", handler="x", key="k", payload={}, state="running", next_at=timezone.now())
    except Exception as error:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", (), (type(error), error, error.__traceback__))
    line = RedactingFormatter("%(message)s").format(record)
    assert "core_job" in line
    assert "Failing row" not in line
