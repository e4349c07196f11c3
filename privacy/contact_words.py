"""What contact decisions say to a reader, in both languages: a sentence for each reason, and a name for each word of the rules."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from privacy.rulebook.rules import Ground, Words

Labels = Mapping[str, Promise]

REASONS: Labels = {
    "A_SELF": _("A borrower may be contacted about their own loan, within the hours and the limits."),
    "A_GUARANTOR": _("A guarantor who signed may be contacted about what they signed, within the hours and the limits."),
    "A_INVITE_ONCE": _("One invitation, with a link to say no and a link to say never again. It says nothing about a debt."),
    "A_REFERENCE_OPTED_IN": _("This person agreed to answer, and is asked only what they agreed to."),
    "A_LOCATE_OPTED_IN": _("This person agreed to say how the borrower can be reached, and is asked only that."),
    "A_RELAY_OPTED_IN": _("This person agreed to pass on one neutral request to call back."),
    "A_RIGHTS_REPLY": _("An answer to the person’s own request, or news of a breach that is owed to them."),
    "D_UNKNOWN_PACK": _("No signed-off rules are in force here for this country. Without rules, nobody is contacted."),
    "D_ACTOR_FORBIDDEN": _("Whoever asks may never be the one to contact this kind of person. Investors contact nobody; outside agencies never see a contact."),
    "D_MINOR": _("The person is, or may be, a minor."),
    "D_PURPOSE_FORBIDDEN": _("This purpose is never allowed towards this kind of person, whoever agrees to it."),
    "D_REVEALS_DEBT": _("The message would tell somebody else that a debt exists."),
    "D_SOURCE_FORBIDDEN": _("The number was not given by the person it belongs to. Numbers that are found, bought or copied from a phone are not used."),
    "D_DO_NOT_CONTACT": _("The person said stop, asked to be erased, or asked never to be contacted."),
    "D_NOT_A_GUARANTOR": _("This person signed no guarantee. Being named by somebody else makes nobody a guarantor."),
    "D_JURISDICTION_BAN": _("The law here does not let a lender contact this person for this purpose, whoever agrees to it."),
    "D_ATTORNEY": _("The borrower is represented. Only the representative may be contacted."),
    "D_CEASE": _("The borrower asked in writing not to be contacted any more."),
    "D_COMPLAINT_PENDING": _("A complaint about collection is open. Until it is settled, nobody is contacted about it."),
    "D_NO_BORROWER_CONSENT": _("The borrower has not agreed to this contact for this purpose."),
    "D_BORROWER_CONSENT_WITHDRAWN": _("The borrower refused this contact or took the consent back."),
    "D_RECONSENT": _("The borrower’s consent has expired, or what it was given to has changed. It must be asked again."),
    "D_NOT_OPTED_IN": _("The person has not agreed for themselves. Nobody else can agree for them."),
    "D_FREQUENCY_CAP": _("The limit of attempts or conversations is reached."),
    "D_COOLDOWN": _("The last conversation was too short a time ago."),
    "D_TOO_EARLY": _("The payment is not late enough for this step."),
    "D_NECESSITY_MISSING": _("Nobody wrote down why this is needed, what was tried before and who approved it."),
    "D_BORROWER_REACHABLE": _("The borrower can still be reached directly."),
    "D_LOCAL_TIME_UNKNOWN": _("The time of day where the person is cannot be established."),
    "D_QUIET_HOURS": _("It is outside the permitted hours where the person is."),
    "D_HOLIDAY": _("It is a public holiday."),
}
BASES: Labels = {
    "law": pgettext_lazy("basis", "Law or binding rule"),
    "standard": pgettext_lazy("basis", "National standard"),
    "self_regulation": pgettext_lazy("basis", "Industry rule"),
    "draft_law": pgettext_lazy("basis", "Published draft, kept already"),
    "strict_reading": pgettext_lazy("basis", "Our strict reading of the law"),
    "product_floor": pgettext_lazy("basis", "House rule"),
}
ROLES: Labels = {
    "borrower": pgettext_lazy("contacted", "The borrower"),
    "guarantor": pgettext_lazy("contacted", "A guarantor"),
    "contact": pgettext_lazy("contacted", "Somebody the borrower named"),
    "unlisted": pgettext_lazy("contacted", "Somebody found elsewhere"),
}
PURPOSES: Labels = {
    "payment_reminder": pgettext_lazy("contact purpose", "Remind of a payment"),
    "collect_payment": pgettext_lazy("contact purpose", "Ask for payment"),
    "verify_reference": pgettext_lazy("contact purpose", "Ask a reference"),
    "contact_invitation": pgettext_lazy("contact purpose", "Invite to be a contact"),
    "locate_borrower": pgettext_lazy("contact purpose", "Ask how the borrower can be reached"),
    "relay_message": pgettext_lazy("contact purpose", "Ask to pass on a message"),
    "disclose_debt": pgettext_lazy("contact purpose", "Tell about the debt"),
    "marketing": pgettext_lazy("contact purpose", "Advertise"),
    "rights_reply": pgettext_lazy("contact purpose", "Answer the person’s own request"),
    "breach_notice": pgettext_lazy("contact purpose", "Tell of a data breach"),
}
CHANNELS: Labels = {
    "voice": pgettext_lazy("channel", "Phone call"),
    "sms": pgettext_lazy("channel", "Text message"),
    "email": pgettext_lazy("channel", "E-mail"),
    "letter": pgettext_lazy("channel", "Letter"),
    "in_app": pgettext_lazy("channel", "Message on this site"),
    "visit": pgettext_lazy("channel", "Visit"),
}
ACTORS: Labels = {
    "system": pgettext_lazy("who asks", "This software"),
    "servicing_agent": pgettext_lazy("who asks", "Our own staff"),
    "external_agency": pgettext_lazy("who asks", "An outside agency"),
    "investor": pgettext_lazy("who asks", "An investor"),
}
STATES: Labels = {
    "n/a": pgettext_lazy("contact state", "Does not apply"),
    "never_invited": pgettext_lazy("contact state", "Never invited"),
    "invited_pending": pgettext_lazy("contact state", "Invited, no answer yet"),
    "opted_in": pgettext_lazy("contact state", "Agreed for themselves"),
    "opted_out": pgettext_lazy("contact state", "Said stop"),
    "erased": pgettext_lazy("contact state", "Erased"),
    "do_not_contact": pgettext_lazy("contact state", "Never to be contacted"),
}
CONSENTS: Labels = {
    "given": pgettext_lazy("borrower’s consent", "Given"),
    "none": pgettext_lazy("borrower’s consent", "Never asked"),
    "refused": pgettext_lazy("borrower’s consent", "Refused"),
    "withdrawn": pgettext_lazy("borrower’s consent", "Withdrawn"),
    "expired": pgettext_lazy("borrower’s consent", "Expired"),
    "superseded_notice": pgettext_lazy("borrower’s consent", "Given before the notice changed"),
}
FLAGS: Labels = {
    "attorney": pgettext_lazy("contact flag", "The borrower has a lawyer"),
    "cease": pgettext_lazy("contact flag", "The borrower asked in writing to stop"),
    "complaint": pgettext_lazy("contact flag", "A complaint about collection is open"),
}


def language() -> str:
    """The reader's language as the rulebook names it."""
    return "zh" if (get_language() or "").startswith("zh") else "en"


def reason(code: str) -> str:
    """The sentence for a reason code; an old code that has left the list stays readable as itself."""
    return str(REASONS.get(code, code))


def citation(ground: Ground) -> str:
    return ground.citation(language())


def words(text: Words) -> str:
    return str(getattr(text, language()))
