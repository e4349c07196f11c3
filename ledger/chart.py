"""The chart of accounts: which accounts exist, whose they are, which side they grow on, and why.

Adding a code is a migration: the rule the database checks on `ledger_account` is generated from this table.
Accrued interest, loan principal and provisions are not here: they are the loans' sub-ledger, never money that moved.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class AccountCode(models.TextChoices):
    BANK = "bank", _("Bank")
    TRANSIT_IN = "transit_in", _("In transit in")
    TRANSIT_OUT = "transit_out", _("In transit out")
    UNMATCHED_RECEIPTS = "unmatched_receipts", _("Unmatched receipts")
    CLIENT_CASH = "client_cash", _("Client cash")
    CLIENT_RESERVED = "client_reserved", _("Client cash reserved")
    LISTING_ESCROW = "listing_escrow", _("Listing escrow")
    LOAN_CLEARING = "loan_clearing", _("Loan clearing")
    BORROWER_OVERPAID = "borrower_overpaid", _("Borrower overpaid")
    RECOVERY_SUSPENSE = "recovery_suspense", _("Recoveries to distribute")
    WITHHELD_TAX = "withheld_tax", _("Withheld tax")
    ORIGINATION_FEES = "origination_fees", _("Origination fees")
    SERVICING_FEES = "servicing_fees", _("Servicing fees")
    LATE_FEES = "late_fees", _("Late fees")
    OPERATOR_FUNDS = "operator_funds", _("Operator's own funds")
    BANK_CHARGES = "bank_charges", _("Bank charges")


class Side(StrEnum):
    """The side an account grows on."""

    DEBIT = "debit"
    CREDIT = "credit"


class Section(models.TextChoices):
    """Where an account stands in the equation money = clients + transit + operator."""

    MONEY = "money", _("Money at banks")
    CLIENTS = "clients", _("Clients' money")
    TRANSIT = "transit", _("Money on its way out")
    OPERATOR = "operator", _("Operator's money")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the chart. `owner` is the kind before the colon in an owner string; `covered` refuses an overdraft."""

    section: Section
    side: Side
    owner: str
    why: str | Promise
    covered: bool = True

    @property
    def debits_must_not_exceed_credits(self) -> bool:
        return self.covered and self.side is Side.CREDIT

    @property
    def credits_must_not_exceed_debits(self) -> bool:
        return self.covered and self.side is Side.DEBIT


def _money(*, owner: str, why: str | Promise) -> Entry:
    # A bank's statement is a fact: the books must be able to record an overdraft, check_books reports it.
    return Entry(section=Section.MONEY, side=Side.DEBIT, owner=owner, why=why, covered=False)


def _clients(*, owner: str, why: str | Promise) -> Entry:
    return Entry(section=Section.CLIENTS, side=Side.CREDIT, owner=owner, why=why)


def _operator(*, side: Side = Side.CREDIT, why: str | Promise) -> Entry:
    return Entry(section=Section.OPERATOR, side=side, owner="platform", why=why)


CHART: dict[AccountCode, Entry] = {
    AccountCode.BANK: _money(owner="rail", why=_("What the bank behind a rail holds for the platform and its clients.")),
    AccountCode.TRANSIT_IN: _money(owner="rail", why=_("Money a rail has promised and the bank has not booked yet.")),
    AccountCode.TRANSIT_OUT: Entry(section=Section.TRANSIT, side=Side.CREDIT, owner="rail", why=_("Payments sent to a rail whose outcome is not known yet.")),
    AccountCode.UNMATCHED_RECEIPTS: _clients(owner="rail", why=_("Money that arrived without a reference we know; it waits here for a person.")),
    AccountCode.CLIENT_CASH: _clients(owner="party", why=_("A party's wallet. Pledges are pending transfers out of it.")),
    AccountCode.CLIENT_RESERVED: _clients(owner="party", why=_("A party's money set apart while a withdrawal is reviewed.")),
    AccountCode.LISTING_ESCROW: _clients(owner="listing", why=_("Pledged money of a filled listing until it is disbursed.")),
    AccountCode.LOAN_CLEARING: _clients(owner="loan", why=_("A repayment between the borrower and the holders; empty when the day ends.")),
    AccountCode.BORROWER_OVERPAID: _clients(owner="loan", why=_("What a borrower paid beyond what was owed, to be returned.")),
    AccountCode.RECOVERY_SUSPENSE: _clients(owner="loan", why=_("Money recovered after a write-off, before it is shared out.")),
    AccountCode.WITHHELD_TAX: _clients(owner="platform", why=_("Tax kept back from interest, owed to the tax office.")),
    AccountCode.ORIGINATION_FEES: _operator(why=_("Fees for bringing a loan about, taken at disbursement.")),
    AccountCode.SERVICING_FEES: _operator(why=_("Fees for collecting and sharing out repayments.")),
    AccountCode.LATE_FEES: _operator(why=_("The platform's part of late charges.")),
    AccountCode.OPERATOR_FUNDS: _operator(why=_("The operator's own money at the banks, kept apart from clients' money.")),
    AccountCode.BANK_CHARGES: _operator(side=Side.DEBIT, why=_("What banks and rails charge the operator.")),
}

OWNER_PATTERNS = {
    "party": r"^party:[0-9A-Za-z_-]+$",
    "listing": r"^listing:[0-9A-Za-z_-]+$",
    "loan": r"^loan:[0-9A-Za-z_-]+$",
    "rail": r"^rail:[0-9a-z_]+$",
    "platform": r"^platform$",
}


def chart_rule(row: str) -> str:
    """The chart as SQL over the columns of the account `row`: each code with its owner kind and its two overdraft flags, nothing else."""
    groups: dict[tuple[str, bool, bool], list[str]] = {}
    for code, entry in CHART.items():
        groups.setdefault((entry.owner, entry.debits_must_not_exceed_credits, entry.credits_must_not_exceed_debits), []).append(code.value)
    lines = [
        f"WHEN {row}.code IN ({', '.join(repr(code) for code in codes)}) THEN {row}.owner ~ '{OWNER_PATTERNS[owner]}'"
        f" AND {row}.debits_must_not_exceed_credits = {str(debits_flag).lower()} AND {row}.credits_must_not_exceed_debits = {str(credits_flag).lower()}"
        for (owner, debits_flag, credits_flag), codes in groups.items()
    ]
    return "\n".join(["CASE", *lines, "ELSE false END"])
