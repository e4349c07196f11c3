"""The sandbox provider: answers by the number alone, so that every case can be had on purpose.

It reads three characters: the serial before the check character (resident identity card, social credit code), or the last three (passport).
  404  refused, there is no such document
  409  refused, the name is another
  408  slow: pending twice, then verified
anything else is verified at once.
"""

from .base import Answer, Evidence

SLOW_ATTEMPTS = 2
SLOW_SECONDS = 5
_REFUSED = {"404": "not_found", "409": "name_differs"}


def serial(document: str, number: str) -> str:
    """The three characters the sandbox reads."""
    return number[-3:] if document == "passport" else number[-4:-1]


class Sandbox:
    name = "sandbox"

    def verify(self, evidence: Evidence) -> Answer:
        read = serial(evidence.document, evidence.number)
        if read in _REFUSED:
            return Answer("refused", reason=_REFUSED[read])
        if read == "408" and evidence.attempt <= SLOW_ATTEMPTS:
            return Answer("pending", again_in=SLOW_SECONDS)
        return Answer("verified")
