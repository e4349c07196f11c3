"""Acts in words: what stands in the register as "noun.verb", said to a reader."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

ACTS: dict[str, str | Promise] = {
    "application.answer": _("answered a request for more"),
    "application.approve": _("approved an application"),
    "application.claim": _("claimed an application"),
    "application.correct": _("began to correct an application"),
    "application.corrected": _("corrected an application"),
    "application.decline": _("declined an application"),
    "application.refer": _("asked a borrower for more"),
    "application.release": _("released an application"),
    "application.submit": _("sent an application"),
    "application.withdraw": _("withdrew an application"),
    "bank_account.add": _("added a bank account"),
    "bank_account.retire": _("retired a bank account"),
    "disbursement.approve": _("approved a payout"),
    "disbursement.propose": _("proposed a payout"),
    "disbursement.send_back": _("sent a payout back"),
    "hardship.accept": _("agreed to a new plan"),
    "hardship.ask": _("asked for help with a loan"),
    "hardship.claim": _("claimed a request for help"),
    "hardship.decline": _("declined a new plan"),
    "hardship.propose": _("proposed a new plan"),
    "hardship.refused": _("refused a request for help"),
    "hardship.release": _("released a request for help"),
    "hardship.withdrawn": _("took a request for help back"),
    "identity.submit": _("sent an identity document"),
    "model.propose": _("proposed a change of model"),
    "model.refused": _("refused a change of model"),
    "model.signed": _("signed a change of model"),
    "obligor.invite": _("invited a co-borrower"),
    "obligor.join": _("joined as a co-borrower"),
    "obligor.step_back": _("stepped back as a co-borrower"),
    "obligor.take_back": _("took an invitation back"),
    "offer.accept": _("accepted an offer"),
    "offer.decline": _("declined an offer"),
    "party.choose_sides": _("chose what to do here"),
    "party.create": _("added a business"),
    "party.end_membership": _("ended a membership"),
    "party.invite": _("invited a member"),
    "party.join": _("joined a business"),
    "party.withdraw_invitation": _("took a member's invitation back"),
    "payment.match_receipt": _("matched a receipt"),
    "plan.vote": _("voted on a new plan"),
    "repayment.payment": _("repaid"),
    "repayment.settlement": _("settled a loan early"),
    "second_look.ask": _("asked for another person"),
    "second_look.claim": _("claimed a second look"),
    "second_look.overturned": _("overturned a decision"),
    "second_look.read": _("read the inputs of a decision"),
    "second_look.release": _("released a second look"),
    "second_look.upheld": _("upheld a decision"),
    "token.make": _("made an access token"),
    "token.revoke": _("revoked an access token"),
    "withdrawal.request": pgettext_lazy("act", "asked for a withdrawal"),
}


def words(action: str) -> str:
    """The act in words; one nobody has words for yet, as it stands in the register."""
    return str(ACTS.get(action, action))
