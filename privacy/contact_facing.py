"""Decisions about reaching a contact in the words the contact reads: of the affair of whoever named them they learn nothing, not by a reason either.

What stands in the way on the contact's own side is said plainly. Every other reason speaks of somebody else, and they all read alike, so that none
tells of a debt, of how late it is, or of a dispute (Civil Code 1032, 1033; PIPL 6).
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from . import contact_words
from .explaining import Explained
from .outreach_texts import DEBT_WORDS

OTHER = "D_OTHER"
REASONS: Mapping[str, str | Promise] = {
    "A_REFERENCE_OPTED_IN": _("You agreed to answer, and are asked only what you agreed to."),
    "A_LOCATE_OPTED_IN": _("You agreed to say how somebody can be found, and are asked only that."),
    "A_RELAY_OPTED_IN": _("You agreed to pass on one neutral request to call back."),
    "A_RIGHTS_REPLY": _("An answer to your own request, or news of a breach that we must tell you."),
    "A_INVITE_ONCE": _("One invitation, with a link to say no and a link to say never again."),
    "D_DO_NOT_CONTACT": _("You said stop, or asked never to be contacted."),
    "D_NOT_OPTED_IN": _("You have not agreed. Nobody else can agree for you."),
    "D_MINOR": _("The person is, or may be, a minor."),
    "D_SOURCE_FORBIDDEN": _("The number was not given by you yourself."),
    "D_FREQUENCY_CAP": _("You were contacted as often as the rules allow."),
    "D_COOLDOWN": _("The last conversation with you was too short a time ago."),
    "D_LOCAL_TIME_UNKNOWN": _("The time of day where you are cannot be established."),
    "D_QUIET_HOURS": _("It is outside the permitted hours where you are."),
    "D_HOLIDAY": _("It is a public holiday."),
    OTHER: _("It did not fit the rules. Why concerns somebody else, so it is not told."),
}
PURPOSES: Mapping[str, str | Promise] = {
    "verify_reference": pgettext_lazy("contact purpose", "Ask you whether you know somebody"),
    "contact_invitation": pgettext_lazy("contact purpose", "Invite you"),
    "locate_borrower": pgettext_lazy("contact purpose", "Ask you how somebody can be found"),
    "relay_message": pgettext_lazy("contact purpose", "Ask you to pass on a message"),
    "rights_reply": pgettext_lazy("contact purpose", "Answer your own request"),
    "breach_notice": pgettext_lazy("contact purpose", "Tell of a data breach"),
}
HOUSE_RULE = _("Our own rule: nobody is disturbed who need not be.")


class ForContact(Explained):
    """One decision, as the contact it is about reads it."""

    @property
    def code(self) -> str:
        return self.row.reason if self.row.reason in REASONS else OTHER

    @property
    def why(self) -> str:
        return str(REASONS[self.code])

    @property
    def purpose(self) -> str:
        return str(PURPOSES.get(self.row.purpose, pgettext_lazy("contact purpose", "Reach you")))

    @property
    def purpose_code(self) -> str:
        return self.row.purpose if self.row.purpose in PURPOSES and not DEBT_WORDS.search(self.row.purpose) else "other"

    @property
    def role(self) -> str:
        return str(pgettext_lazy("contacted", "You"))

    @property
    def others(self) -> list[str]:
        return []

    @property
    def _is_plain(self) -> bool:
        """Whether the law it stands on can be named without telling what it is about."""
        cited = f"{self.row.citation} {self.row.citation_zh}"
        return self.code != OTHER and not DEBT_WORDS.search(cited)

    @property
    def basis(self) -> str:
        return super().basis if self._is_plain else str(contact_words.BASES["product_floor"])

    @property
    def basis_code(self) -> str:
        return self.row.basis if self._is_plain else "product_floor"

    @property
    def citation(self) -> str:
        return super().citation if self._is_plain else str(HOUSE_RULE)
