"""The words of the agreement, in the borrower's language, as a neutral document for the typesetter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from core.money import format_amount, in_words_zh
from loans import product, typeset
from loans.models import Agreement, Obligor, Signature


def agreement(contract: Agreement, *, obligors: Sequence[tuple[Obligor, str]], holders: Sequence[tuple[str, int]], signatures: Iterable[Signature]) -> bytes:
    """The agreement as PDF bytes. `obligors` come with their names, `holders` as (party reference, amount); no holder is named."""
    with translation.override(contract.language or "zh-hans"):
        blocks = [
            *_intro(contract),
            *_parties(obligors, holders, contract),
            *_money(contract),
            *_schedule(contract),
            *_rules(contract),
            *_signed(contract, signatures),
        ]
        document = {
            "title": _("Loan agreement %(reference)s") % {"reference": contract.reference},
            "language": contract.language or "zh-hans",
            "footer": f"{contract.reference} · {contract.terms_sha256[:16]}",
            "blocks": blocks,
        }
        return typeset.render(document)


def _heading(text: str) -> dict[str, Any]:
    return {"kind": "heading", "text": text}


def _intro(contract: Agreement) -> list[dict[str, Any]]:
    text = _(
        "Between the borrower named below and the holders in the register, arranged through Xinqiao. Xinqiao is not a lender and does not guarantee the loan."
    )
    return [{"kind": "text", "text": text}]


def _parties(obligors: Sequence[tuple[Obligor, str]], holders: Sequence[tuple[str, int]], contract: Agreement) -> list[dict[str, Any]]:
    assert all(obligor.party is not None for obligor, _name in obligors)
    rows = [[str(obligor.get_role_display()), name, obligor.party.reference if obligor.party else ""] for obligor, name in obligors]
    blocks = [_heading(_("Parties")), {"kind": "table", "head": [_("Role"), _("Name"), _("Reference")], "align": ["l", "l", "l"], "rows": rows}]
    if holders:
        shares = [[reference, format_amount(amount, contract.terms["currency"])] for reference, amount in holders]
        blocks += [_heading(_("Register of holders")), {"kind": "table", "head": [_("Holder"), _("Amount")], "align": ["l", "r"], "rows": shares}]
    return blocks


def _money(contract: Agreement) -> list[dict[str, Any]]:
    terms = contract.terms
    currency = terms["currency"]
    methods = {"equal_installment": _("Equal installments"), "equal_principal": _("Equal principal")}
    words = in_words_zh(terms["principal"]) if currency == "CNY" else ""
    rows = [
        [_("Principal"), f"{format_amount(terms['principal'], currency)} {words}".strip()],
        [_("Annual rate"), _percent(terms["annual_rate"])],
        [_("Annual cost with all fees (IRR, compound)"), _percent(terms["apr"])],
        [_("Term"), _("%(months)s months") % {"months": terms["term_months"]}],
        [_("Repayment"), methods[terms["method"]]],
        [_("Origination fee, taken at payout"), format_amount(terms["origination_fee"], currency)],
        [_("Interest over the whole term"), format_amount(terms["total_interest"], currency)],
        [
            _("Late penalty"),
            _("%(rate)s a year on what is overdue, after %(days)s days of grace") % {"rate": _percent(terms["penalty_rate"]), "days": terms["grace_days"]},
        ],
    ]
    return [_heading(_("Terms")), {"kind": "pairs", "rows": rows}]


def _schedule(contract: Agreement) -> list[dict[str, Any]]:
    currency = contract.terms["currency"]
    rows = [
        [str(number), format_amount(principal, currency), format_amount(interest, currency), format_amount(principal + interest, currency)]
        for number, principal, interest in contract.terms["schedule"]
    ]
    head = [_("Month"), _("Principal"), _("Interest"), _("Installment")]
    return [
        _heading(_("Repayment schedule")),
        {"kind": "text", "text": _("Counted in months from the day the money is paid out; a month that is too short uses its last day.")},
        {"kind": "table", "head": head, "align": ["l", "r", "r", "r"], "rows": rows},
    ]


def _rules(contract: Agreement) -> list[dict[str, Any]]:
    return [
        _heading(_("Rules")),
        {
            "kind": "text",
            "text": _("The borrower may settle early on any day: all principal, and interest to that day only. There is no early settlement fee."),
        },
        {
            "kind": "text",
            "text": _("Nobody contacts the borrower's family, friends or colleagues to collect this loan. A holder receives no identity of the borrower."),
        },
        {"kind": "text", "text": _mandate()},
        {"kind": "text", "text": _("Each payment is shared among the holders by their holdings, exact to the smallest unit of money.")},
    ]


def _mandate() -> str:
    """What the holders let the operator agree to for them when the borrower cannot pay, and what they keep for themselves."""
    text = _(
        "If the borrower cannot pay as agreed, Xinqiao may for the holders agree to up to %(pause)s months without a payment, to an end at most %(more)s "
        "months later, to spreading what is overdue, and to giving up late charges. A lower rate or a longer term needs the holders: each votes once, "
        "weighted by share; more than half of the votes cast, with at least %(quorum)s of all shares voting within %(days)s days."
    )
    rules = product.STANDARD
    return text % {
        "pause": rules.moratorium_months_max,
        "more": rules.extension_months_max,
        "quorum": f"{rules.vote_quorum * 100:.0f}%",
        "days": rules.vote_days,
    }


def _signed(contract: Agreement, signatures: Iterable[Signature]) -> list[dict[str, Any]]:
    rows = [
        [signature.obligor.party.reference if signature.obligor.party else "", signature.method, date_format(localtime(signature.signed_at), "DATETIME_FORMAT")]
        for signature in signatures.select_related("obligor__party")  # type: ignore[attr-defined]
    ]
    head = [_("Signed by"), _("Confirmed with"), _("At")]
    note = _("SHA-256 of the terms: %(hash)s. This file's own hash is signed with the installation's key and shown beside the download.")
    return [
        _heading(_("Signatures")),
        {"kind": "table", "head": head, "align": ["l", "l", "l"], "rows": rows},
        {"kind": "note", "text": note % {"hash": contract.terms_sha256}},
    ]


def _percent(rate: str) -> str:
    return f"{(Decimal(rate) * 100).quantize(Decimal('0.01'))}%"
