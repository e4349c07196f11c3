"""The nouns of a loan, one file each."""

from loans.models.agreement import Agreement, AgreementPaper, Signature
from loans.models.application import Application, Document, FundsItem, Obligor, Reply, Review
from loans.models.file import BorrowerFile, DisclosureGrant, FileGroupPermission
from loans.models.ladder import BorrowerFlag, LadderCase, Necessity, Rung
from loans.models.loan import Charge, DayRun, Disbursement, Installment, Loan, Participation
from loans.models.offer import Offer
from loans.models.population import PopulationCell
from loans.models.repayment import Portion, Repayment, Share

__all__ = [
    "Agreement",
    "AgreementPaper",
    "Application",
    "BorrowerFile",
    "BorrowerFlag",
    "Charge",
    "DayRun",
    "Disbursement",
    "DisclosureGrant",
    "Document",
    "FileGroupPermission",
    "FundsItem",
    "Installment",
    "LadderCase",
    "Loan",
    "Necessity",
    "Obligor",
    "Offer",
    "Participation",
    "PopulationCell",
    "Portion",
    "Repayment",
    "Reply",
    "Review",
    "Rung",
    "Share",
    "Signature",
]
