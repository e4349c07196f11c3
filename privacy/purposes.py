"""Why we process personal data: the closed list of purposes, each with its legal basis and the way it is asked."""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

BASES = ("contract", "consent", "legal_obligation")


class UnknownPurpose(Exception):
    """A purpose that is not on the list. Nothing may be processed for it."""

    code = "unknown_purpose"


@dataclass(frozen=True)
class Purpose:
    """One reason to process data. `separate`: asked on its own. `per_matter`: given for one affair, not for good. `retention`: a code of privacy.retention.

    `valid_days`: how long a yes holds before it has to be asked again; None as long as the purpose itself.
    """

    code: str
    label: str | Promise
    dpv_term: str
    basis: str
    retention: str
    separate: bool = False
    sensitive: bool = False
    per_matter: bool = False
    valid_days: int | None = None
    notice: str = ""

    @property
    def notice_code(self) -> str:
        """The notice it is asked with: its own, unless one notice asks about several uses of the same thing."""
        return self.notice or self.code

    @property
    def asked(self) -> bool:
        """Whether the person answers yes or no to it (PIPL 13, 23, 29)."""
        return self.separate or self.basis == "consent"


_SEPARATE: dict[str, Any] = {"separate": True, "per_matter": True}
_SENSITIVE = _SEPARATE | {"sensitive": True}
_CIRCLE: dict[str, Any] = {**_SEPARATE, "notice": "circle"}
_ALL = (
    Purpose("account", _("Your account"), "dpv:ServiceRegistration", "contract", "account"),
    Purpose("security", _("Keeping accounts safe"), "dpv:EnforceSecurity", "contract", "security"),
    Purpose("support", _("Answering you"), "dpv:CommunicationForCustomerCare", "contract", "support"),
    Purpose("identity", _("Checking who you are"), "dpv:IdentityVerification", "consent", "account", separate=True, sensitive=True),
    Purpose("suitability", _("Checking that investing suits you"), "dpv:LegalCompliance", "legal_obligation", "account"),
    Purpose("wallet", _("Holding and moving your money"), "dpv:PaymentManagement", "contract", "ledger"),
    Purpose("application", _("Assessing your application"), "dpv:CreditChecking", "consent", "loan_file", separate=True, sensitive=True, per_matter=True),
    Purpose("credit_source", _("Asking a credit data source"), "dpv:CreditChecking", "consent", "loan_file", valid_days=183, **_SENSITIVE),
    Purpose("bank_source", _("Asking your bank for your income"), "dpv:CreditChecking", "consent", "loan_file", valid_days=183, **_SENSITIVE),
    Purpose("automated_decision", _("Deciding with a scorecard"), "dpv:CreditChecking", "consent", "loan_file", separate=True, per_matter=True),
    Purpose(
        "listing_disclosure",
        _("Showing facts in bands to investors"),
        "dpv:EstablishContractualAgreement",
        "consent",
        "loan_file",
        separate=True,
        per_matter=True,
    ),
    Purpose(
        "named_recipient",
        _("Giving the contract to the investors it names"),
        "dpv:FulfilmentOfContractualObligation",
        "consent",
        "loan_file",
        separate=True,
        sensitive=True,
        per_matter=True,
    ),
    Purpose("review", _("Review by a person"), "dpv:RightsFulfillment", "contract", "loan_file"),
    Purpose("agreement", _("Making and keeping the agreement"), "dpv:FulfilmentOfContractualObligation", "contract", "loan_file"),
    Purpose("servicing", _("Payout, repayment and statements"), "dpv:FulfilmentOfContractualObligation", "contract", "loan_file"),
    Purpose("collections", _("Talking with you about a late payment"), "dpv:CustomerClaimsManagement", "contract", "loan_file"),
    Purpose("hardship", _("Finding a way when you cannot pay"), "dpv:FulfilmentOfContractualObligation", "consent", "loan_file", **_SENSITIVE),
    Purpose("investing", _("Your pledges and holdings"), "dpv:FulfilmentOfContractualObligation", "contract", "loan_file"),
    Purpose("circle", _("Keeping whom you chose and who agreed"), "dpv:CommunicationManagement", "consent", "contact"),
    Purpose(
        "circle_reference",
        _("Asking somebody you chose to confirm a fact"),
        "dpv:Verification",
        "consent",
        "contact",
        notice="circle",
        separate=True,
        per_matter=True,
    ),
    Purpose(
        "circle_locate",
        _("Asking somebody you chose how you can be reached"),
        "dpv:CommunicationManagement",
        "consent",
        "contact",
        notice="circle",
        separate=True,
        per_matter=True,
    ),
    Purpose(
        "circle_relay",
        _("Asking somebody you chose to pass on a message"),
        "dpv:CommunicationManagement",
        "consent",
        "contact",
        notice="circle",
        separate=True,
        per_matter=True,
    ),
    Purpose("contact_reference", _("Being asked to confirm a fact"), "dpv:Verification", "consent", "contact", separate=True, notice="contact"),
    Purpose(
        "contact_locate", _("Being asked how somebody can be reached"), "dpv:CommunicationManagement", "consent", "contact", separate=True, notice="contact"
    ),
    Purpose("contact_relay", _("Being asked to pass on a message"), "dpv:CommunicationManagement", "consent", "contact", separate=True, notice="contact"),
    Purpose("rights", _("Answering your rights"), "dpv:RightsFulfillment", "legal_obligation", "consent"),
    Purpose("accountability", _("Proving what we did"), "dpv:LegalCompliance", "legal_obligation", "access_log"),
    Purpose("legal_hold", _("A duty to keep or hand over"), "dpv:LegalCompliance", "legal_obligation", "loan_file"),
    Purpose("marketing", _("News about other products"), "dpv:DirectMarketing", "consent", "consent", separate=True, valid_days=730),
)
PURPOSES: dict[str, Purpose] = {purpose.code: purpose for purpose in _ALL}


def get(code: str) -> Purpose:
    """The purpose of that code. Raises UnknownPurpose."""
    if code not in PURPOSES:
        raise UnknownPurpose(code)
    return PURPOSES[code]


def label(code: str) -> str:
    """The purpose in the reader's language; an old code that has left the list stays readable as itself."""
    return str(PURPOSES[code].label) if code in PURPOSES else code
