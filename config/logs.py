"""What may be read in a log: the reference of the request, and nothing that identifies a person or opens a door."""

import logging
import re
import traceback
from contextvars import ContextVar
from typing import Any

reference: ContextVar[str] = ContextVar("reference", default="-")

_HIDDEN = (
    # (what it is, how it looks); order matters: a resident id would also pass for a card number
    ("email", re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")),
    ("token", re.compile(r"\bxq_[\w-]{16,}")),
    ("token", re.compile(r"(?i)\b(?:bearer|token|basic)\s+[\w.~+/=-]{8,}")),
    ("secret", re.compile(r"""(?i)\b(?:password|passwd|pwd|secret|token|api[_-]?key|session(?:id)?|csrf\w*|authorization)["']?\s*[:=]\s*["']?[^\s"',;&]+""")),
    ("address", re.compile(r"(?<=/)(?:key|confirm-email|reset/key)/[^\s/\"']+")),
    ("address", re.compile(r"(?<=/)circle/i/[^\s/\"']+")),
    ("password", re.compile(r"(?<=://)[^\s/@]*:[^\s/@]+(?=@)")),
    ("id", re.compile(r"(?<![\w-])\d{17}[\dXx](?![\w-])")),
    ("id", re.compile(r"(?<![\w-])[0-9A-HJ-NP-RTUWXY]{2}\d{6}[0-9A-HJ-NP-RTUWXY]{10}(?![\w-])")),
    ("card", re.compile(r"(?<![\w.-])\d(?:[ -]?\d){14,18}(?![\w-])")),
    ("phone", re.compile(r"(?<![\w.-])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![\w-])")),
    ("phone", re.compile(r"(?<!\w)\+\d{1,3}[ -]?\d(?:[ -]?\d){6,12}(?!\w)")),
)


def redact(text: str) -> str:
    """The text with e-mail addresses, phones, identity and card numbers, tokens and passwords replaced by what they were."""
    for kind, pattern in _HIDDEN:
        text = pattern.sub(f"[{kind}]", text)
    return text


class RedactingFormatter(logging.Formatter):
    """Works on the finished line. Of an exception it says where it happened and what sort it was, never its words: those may quote a person."""

    def format(self, record: logging.LogRecord) -> str:
        record.reference = reference.get()
        record.exc_text = None  # another handler's text of the same exception
        try:
            return redact(super().format(record))
        finally:
            record.exc_text = None

    def formatException(self, ei: Any) -> str:
        """The chain of exceptions, the first cause first."""
        lines: list[str] = []
        seen: set[int] = set()
        error = ei[1]
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            lines.insert(0, f"{''.join(traceback.format_tb(error.__traceback__))}{_sort(error)}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n".join(lines)


def _sort(error: BaseException) -> str:
    """Its class, our own code for it, and the name of the database's rule it broke."""
    more = [getattr(error, "code", ""), getattr(error, "sqlstate", ""), getattr(getattr(error, "diag", None), "constraint_name", "")]
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    return " ".join([kind, *(word for word in more if isinstance(word, str) and word)])


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "config.logs.RedactingFormatter", "format": "{asctime} {levelname} {name} [{reference}] {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # Django would add a mail to staff, with a page full of local variables.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "celery": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}
