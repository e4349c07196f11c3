"""The kinds of personal data we hold, each with its class. A field whose kind is not here does not pass the system checks.

Classes: P0 public, P1 account, P2 personal, P3 sensitive, P4 a contact's.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

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
    DataKind("statistics", "P0", _("Platform statistics")),
    DataKind("email", "P1", _("E-mail address")),
    DataKind("language", "P1", _("Language and time zone")),
    DataKind("sign_in", "P1", _("Sign-in records")),
    DataKind("sign_in_secret", "P3", _("Sign-in secrets")),
    DataKind("name", "P2", _("Name")),
    DataKind("birth_date", "P2", _("Date of birth")),
    DataKind("phone", "P2", _("Phone number")),
    DataKind("address", "P2", _("Address")),
    DataKind("household", "P2", _("Household")),
    DataKind("education", "P2", _("Education")),
    DataKind("employment", "P2", _("Employment")),
    DataKind("business", "P2", _("Business details")),
    DataKind("project", "P2", _("Project description")),
    DataKind("use_of_funds", "P2", _("Use of funds")),
    DataKind("repayment_plan", "P2", _("Repayment plan and source")),
    DataKind("suitability", "P2", _("Investor suitability answers")),
    DataKind("message", "P2", _("Messages and questions")),
    DataKind("staff_note", "P2", _("Staff notes and reasons")),
    DataKind("reply", "P2", _("Stored replies")),
    DataKind("listing_attribute", "P2", _("Listing attributes, in bands")),
    DataKind("contract_terms", "P2", _("Contract and schedule")),
    DataKind("payment_state", "P2", _("Payment state")),
    DataKind("id_number", "P3", _("Identity number")),
    DataKind("id_document", "P3", _("Identity document")),
    DataKind("bank_account", "P3", _("Bank account")),
    DataKind("bank_flows", "P3", _("Account flows")),
    DataKind("wallet", "P3", _("Wallet and payments")),
    DataKind("income", "P3", _("Income")),
    DataKind("debts", "P3", _("Debts")),
    DataKind("assets", "P3", _("Assets")),
    DataKind("credit_report", "P3", _("Credit report")),
    DataKind("document", "P3", _("Uploaded documents")),
    DataKind("decision_input", "P3", _("Inputs of a decision")),
    DataKind("decision", "P3", _("Grade, price and reasons")),
    DataKind("signature", "P3", _("Signature")),
    DataKind("contact_name", "P4", _("A contact's name")),
    DataKind("contact_number", "P4", _("A contact's number")),
    DataKind("contact_answer", "P4", _("A contact's answer")),
)
KINDS: dict[str, DataKind] = {kind.code: kind for kind in _ALL}


def label(code: str) -> str:
    """The kind in the reader's language; an old code that has left the list stays readable as itself."""
    return str(KINDS[code].label) if code in KINDS else code
