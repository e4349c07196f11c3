"""The nouns of a loan, one file each."""

from loans.models.adjustment import Adjustment
from loans.models.agreement import Agreement, AgreementPaper, Signature
from loans.models.application import Application, Document, FundsItem, Obligor, Reply, Review
from loans.models.collections import CollectionsCase, DebtSale, Promise, Recovery, RecoveryProposal, WriteOff
from loans.models.day import AutopayOrder, DayBook, DayRun, DayShard, ParkedLoan
from loans.models.event import Clawback, LoanEvent, PayoffQuote
from loans.models.file import BorrowerFile, DisclosureGrant, FileGroupPermission
from loans.models.hardship import HardshipEvidence, HardshipRequest, Plan, PlanVote
from loans.models.ladder import BorrowerFlag, LadderCase, Necessity, Rung
from loans.models.loan import Disbursement, Loan, Participation
from loans.models.offer import Offer
from loans.models.override import Override
from loans.models.population import PopulationCell
from loans.models.repayment import Portion, Repayment, Share
from loans.models.second_look import Amendment, SecondLook
from loans.models.servicing import Accrual, Charge, Installment, Standing
from loans.models.statement import StatementCut
from loans.models.transfer import HoldingTransfer

__all__ = [
    "Accrual",
    "Adjustment",
    "Agreement",
    "AgreementPaper",
    "Amendment",
    "Application",
    "AutopayOrder",
    "BorrowerFile",
    "BorrowerFlag",
    "Charge",
    "Clawback",
    "CollectionsCase",
    "DayBook",
    "DayRun",
    "DayShard",
    "DebtSale",
    "Disbursement",
    "DisclosureGrant",
    "Document",
    "FileGroupPermission",
    "FundsItem",
    "HardshipEvidence",
    "HardshipRequest",
    "HoldingTransfer",
    "Installment",
    "LadderCase",
    "Loan",
    "LoanEvent",
    "Necessity",
    "Obligor",
    "Offer",
    "Override",
    "ParkedLoan",
    "Participation",
    "PayoffQuote",
    "Plan",
    "PlanVote",
    "PopulationCell",
    "Portion",
    "Promise",
    "Recovery",
    "RecoveryProposal",
    "Repayment",
    "Reply",
    "Review",
    "Rung",
    "SecondLook",
    "Share",
    "Signature",
    "Standing",
    "StatementCut",
    "WriteOff",
]
