"""What may be seen of somebody else: one line an address, in whose hands, which fields. Everything that is not here is nobody's but the person's own.

What an investor may see is not here but in loans/disclosure.py; nothing of a borrower's file is shown whole, except the words of the project.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from loans import disclosure
from loans.models import DisclosureGrant
from tests.config.canary.marks import Canary
from tests.config.canary.people import DESK_ONLY
from tests.config.matrix.people import INVESTORS, STAFF, World

WORDS = ("loans.application.title", "loans.application.summary", "loans.fundsitem.label", "marketplace.listing.title")
FILE = ("loans.borrowerfile.*", "loans.obligor.*", "loans.review.reason", "loans.reply.text", "loans.document.name")
SETS = {"WORDS": WORDS, "FILE": FILE}
SEVERAL = {"investor": INVESTORS, "staff": (*STAFF, *DESK_ONLY), "ladder": ("dan", "fay", "sal", "root"), "desk": ("pam", "root"), "approver": ("fay", "root")}

# address, who, what; `link` is whoever holds the link, signed in or not; investor, staff: whom the address table
# lets in; ladder, desk: staff who may climb or approve there, who answer requests. `known-as`: references and pseudonyms of contacts.
# A form that comes back with what is wrong is the page it stands on: ask_question, answer_question, override_act.
TABLE = """
marketplace:(listings|listing|ask_question|pledge|receipt|portfolio|plan|sell|record|holding|tax_year|tax_csv|tax_pdf) investor  WORDS
api:(listings|listing|holdings)                                 investor    WORDS
marketplace:(listing|pledge|ask|ask_question)                   investor    marketplace.question.shown_*
marketplace:(questions|answer_question)                         alice       marketplace.question.shown_text
loans:invitation                                                link        WORDS
loans:(obligation|applications)                                 grace       WORDS
loans:(obligation|applications)                                 carol       WORDS
circle:invitation                                               link        privacy.contactlink.named_by
circle:(allow|complain|export|passport)                         hana        privacy.contactlink.named_by
accounts:parties                                                bob         accounts.party.name
admin:(loans_application|loans_disbursement|marketplace_listing)_.*  staff   WORDS
admin:marketplace_question_.*                                   staff       marketplace.question.*
admin:loans_application_(file|document)                         dan         FILE
admin:loans_laddercase_desk                                     ladder      loans.rung.note
admin:loans_laddercase_desk                                     ladder      loans.necessity.why
admin:loans_override_(change|act)                               approver    loans.override.*
admin:loans_hardshiprequest_file                                sal         loans.hardshiprequest.reason
admin:payments_payment_match                                    sal         payments.bankline.reference
admin:privacy_rightsrequest_desk                                desk        privacy.rightsrequest.*
admin:privacy_restriction_.*                                    desk        privacy.restriction.*
admin:privacy_breach_.*                                         desk        privacy.breach.*
admin:credit_modelchange_.*                                     staff       credit.modelchange.*
admin:loans_collectionscase_.*                                  staff       loans.debtsale.buyer
admin:privacy_complaint_desk                                    desk        privacy.complaint.*
admin:.*                                                        staff       known-as:*
"""
ROWS = [tuple(line.split()) for line in TABLE.strip().splitlines()]


def may_see(who: str, page: str, canary: Canary, world: World) -> bool:
    """Whether the tables let this one out to `who` on that page."""
    return any(_listed(who, page, label) for label in canary.labels) or _disclosed(who, canary, world)


def _listed(who: str, page: str, label: str) -> bool:
    return any(re.fullmatch(pages, page) and _is(who, person) and _matches(what, label) for pages, person, what in ROWS)


def _is(who: str, person: str) -> bool:
    return person in (who, "link") or who in SEVERAL.get(person, ())


def _matches(what: str, label: str) -> bool:
    return any(fnmatchcase(label, pattern) for pattern in SETS.get(what, (what,)))


def _disclosed(who: str, canary: Canary, world: World) -> bool:
    """A field of a file, whole, for the relation in which that file is open to `who`."""
    fields = {label.rpartition(".")[2] for label in canary.labels if label.startswith("loans.borrowerfile.")}
    if not fields or who not in world.members:
        return False
    grants = DisclosureGrant.objects.filter(user=world.members[who].user, content_object__subject__in=canary.owners).select_related("content_object")
    forms = {disclosure.form_of(field, relation=grant.relation, stage=grant.content_object.stage) for grant in grants for field in fields}
    return disclosure.FULL in forms
