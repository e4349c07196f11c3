"""The kinds of personal data we hold, each with its class. A field whose kind is not here does not pass the system checks.

Classes: P0 public, P1 account, P2 personal, P3 sensitive, P4 a contact's.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

CLASSES = ("P0", "P1", "P2", "P3", "P4")


@dataclass(frozen=True)
class DataKind:
    code: str
    klass: str
    label: str | Promise

    @property
    def sensitive(self) -> bool:
        return self.klass in ("P3", "P4")


_ALL = (
    DataKind("statistics", "P0", pgettext_lazy("kind of data", "Platform statistics")),
    DataKind("email", "P1", pgettext_lazy("kind of data", "E-mail address")),
    DataKind("language", "P1", pgettext_lazy("kind of data", "Language and time zone")),
    DataKind("sign_in", "P1", pgettext_lazy("kind of data", "Sign-in records")),
    DataKind("sign_in_secret", "P3", pgettext_lazy("kind of data", "Sign-in secrets")),
    DataKind("name", "P2", pgettext_lazy("kind of data", "Name")),
    DataKind("birth_date", "P2", pgettext_lazy("kind of data", "Date of birth")),
    DataKind("phone", "P2", pgettext_lazy("kind of data", "Phone number")),
    DataKind("address", "P2", pgettext_lazy("kind of data", "Address")),
    DataKind("household", "P2", pgettext_lazy("kind of data", "Household")),
    DataKind("education", "P2", pgettext_lazy("kind of data", "Education")),
    DataKind("employment", "P2", pgettext_lazy("kind of data", "Employment")),
    DataKind("business", "P2", pgettext_lazy("kind of data", "Business details")),
    DataKind("project", "P2", pgettext_lazy("kind of data", "Project description")),
    DataKind("use_of_funds", "P2", pgettext_lazy("kind of data", "Use of funds")),
    DataKind("repayment_plan", "P2", pgettext_lazy("kind of data", "Repayment plan and source")),
    DataKind("suitability", "P2", pgettext_lazy("kind of data", "Investor suitability answers")),
    DataKind("message", "P2", pgettext_lazy("kind of data", "Messages and questions")),
    DataKind("staff_note", "P2", pgettext_lazy("kind of data", "Staff notes and reasons")),
    DataKind("reply", "P2", pgettext_lazy("kind of data", "Stored replies")),
    DataKind("listing_attribute", "P2", pgettext_lazy("kind of data", "Listing attributes, in bands")),
    DataKind("contract_terms", "P2", pgettext_lazy("kind of data", "Contract and schedule")),
    DataKind("payment_state", "P2", pgettext_lazy("kind of data", "Payment state")),
    DataKind("id_number", "P3", pgettext_lazy("kind of data", "Identity number")),
    DataKind("id_document", "P3", pgettext_lazy("kind of data", "Identity document")),
    DataKind("bank_account", "P3", pgettext_lazy("kind of data", "Bank account")),
    DataKind("bank_flows", "P3", pgettext_lazy("kind of data", "Account flows")),
    DataKind("wallet", "P3", pgettext_lazy("kind of data", "Wallet and payments")),
    DataKind("income", "P3", pgettext_lazy("kind of data", "Income")),
    DataKind("debts", "P3", pgettext_lazy("kind of data", "Debts")),
    DataKind("assets", "P3", pgettext_lazy("kind of data", "Assets")),
    DataKind("credit_report", "P3", pgettext_lazy("kind of data", "Credit report")),
    DataKind("hardship", "P3", pgettext_lazy("kind of data", "Why somebody cannot pay")),
    DataKind("document", "P3", pgettext_lazy("kind of data", "Uploaded documents")),
    DataKind("decision_input", "P3", pgettext_lazy("kind of data", "Inputs of a decision")),
    DataKind("decision", "P3", pgettext_lazy("kind of data", "Grade, price and reasons")),
    DataKind("signature", "P3", pgettext_lazy("kind of data", "Signature")),
    DataKind("contact_name", "P4", pgettext_lazy("kind of data", "A contact's name")),
    DataKind("contact_number", "P4", pgettext_lazy("kind of data", "A contact's number")),
    DataKind("contact_answer", "P4", pgettext_lazy("kind of data", "A contact's answer")),
)
KINDS: dict[str, DataKind] = {kind.code: kind for kind in _ALL}


def label(code: str) -> str:
    """The kind in the reader's language; an old code that has left the list stays readable as itself."""
    return str(KINDS[code].label) if code in KINDS else code
