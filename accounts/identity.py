"""Identity checks: a document is submitted, a provider answers later (outbox job `identity.check`), the party becomes verified or not."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from core import outbox
from core.refusals import Conflict
from core.states import move
from privacy import assessments, consents, processors, vault
from privacy.forms import Answer, record_answers

from . import audit, documents, kyc
from .models import IdentityCheck, Party, User

ENGINE = "accounts.identity"
NO_CONTRACT_SECONDS = 3600  # a contract that has ended is renewed by people
BUSINESS_DOCUMENTS = (IdentityCheck.Document.USCC,)
PERSON_DOCUMENTS = (IdentityCheck.Document.RESIDENT_ID, IdentityCheck.Document.PASSPORT)


class UnableToSubmit(Conflict):
    """The check cannot begin now."""

    def __init__(self, code: str, message: StrOrPromise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


@transaction.atomic
def submit(
    *,
    party: Party,
    document: str,
    legal_name: str,
    number: str,
    by: User,
    now: datetime,
    as_of: date | None = None,
    answers: Iterable[Answer] = (),
) -> IdentityCheck:
    """Begins a check. `as_of` (default: the platform's date at `now`) is the day on which the holder must be of age; `answers` are consents given with it.

    Raises documents.InvalidDocument for a number that cannot be (nothing is kept then), UnableToSubmit without a person's consent or while another check runs.
    A document that already stands for somebody else is refused by the job, in the same words as any other refusal: the page must not tell.
    """
    allowed = BUSINESS_DOCUMENTS if party.kind == Party.Kind.BUSINESS else PERSON_DOCUMENTS
    if document not in allowed:
        raise documents.InvalidDocument("unknown_document")
    found = documents.read(document, number, as_of=as_of or timezone.localdate(now))
    record_answers(answers, subject=party.subject, now=now)
    if party.kind == Party.Kind.PERSON and not consents.is_given(subject=party.subject, purpose="identity", now=now):
        raise UnableToSubmit("no_consent", _("We check your identity only with your consent."))
    try:
        assessments.require("identity", now=now)
    except assessments.FeatureOff as error:
        raise UnableToSubmit("feature_off", error.message) from error
    try:
        provider = kyc.current()
        processors.require_for("identity", kind="id_number", purpose="identity", as_of=timezone.localdate(now))
    except (kyc.NoProvider, processors.NoContract) as error:
        raise UnableToSubmit("no_provider", _("Identities cannot be checked here yet. Nothing of what you typed was kept.")) from error
    try:
        with transaction.atomic():
            check = IdentityCheck.objects.create(
                party=party,
                document=document,
                legal_name=legal_name.strip(),
                number=found.number,
                number_index=number_index(document, found.number),
                birth_date=found.birth_date.isoformat() if found.birth_date else None,
                provider=provider,
                submitted_at=now,
            )
    except IntegrityError as error:
        raise UnableToSubmit("being_checked", _("Your last document is still being checked. You get a message when it is done.")) from error
    audit.record(actor=by, action="identity.submit", target=check.reference, now=now)
    outbox.enqueue("identity.check", key=f"identity.check:{check.reference}", payload={"check": check.pk})
    return check


def number_index(document: str, number: str) -> bytes:
    """Equal numbers of one sort of document have equal indexes, and nothing else can be read from it."""
    return vault.blind_index(f"accounts.identity.{document}", number)


@outbox.handles("identity.check")
def check_identity(*, job: outbox.JobContext) -> outbox.RetryLater | None:
    """Asks the provider and settles the check; a slow provider is asked again."""
    check = IdentityCheck.objects.select_for_update(of=("self",)).select_related("party").get(pk=job.payload["check"])
    if check.state != "submitted":
        return None
    if stands_for_another(check):
        refuse(check, reason="document_in_use", now=job.now)
        return None
    try:
        processors.require_for("identity", kind="id_number", purpose="identity", as_of=timezone.localdate(job.now))
    except processors.NoContract:
        return outbox.RetryLater(NO_CONTRACT_SECONDS, "no_contract")
    opened = vault.open_sealed(check, ["legal_name", "number"], engine=ENGINE, purpose="identity", now=job.now)
    evidence = kyc.base.Evidence(key=job.key, document=check.document, legal_name=opened["legal_name"], number=opened["number"], attempt=job.attempts)
    answer = kyc.get(check.provider).verify(evidence)
    if answer.outcome == "pending":
        return outbox.RetryLater(answer.again_in, "provider_pending")
    if answer.outcome == "refused":
        refuse(check, reason=answer.reason, now=job.now)
    else:
        verify(check, legal_name=opened["legal_name"], now=job.now)
    return None


def stands_for_another(check: IdentityCheck) -> bool:
    """Whether the same document is verified, or was submitted earlier, for another party."""
    others = IdentityCheck.objects.filter(number_index=check.number_index).exclude(party=check.party)
    return others.filter(state="verified").exists() or others.filter(state="submitted", pk__lt=check.pk).exists()


@transaction.atomic
def verify(check: IdentityCheck, *, legal_name: str, now: datetime) -> None:
    """The document is real and theirs: an earlier check of the party is replaced, and its name becomes the legal one."""
    party = Party.objects.select_for_update().get(pk=check.party_id)
    for earlier in IdentityCheck.objects.filter(party=party, state="verified"):
        move(earlier, "expired", now=now, why="replaced")
    move(check, "verified", now=now, why="provider", decided_at=now)
    party.name, party.verified_at = legal_name, now
    party.save(update_fields=["name", "verified_at"])
    outbox.enqueue("identity.decided", key=f"identity.decided:{check.reference}", payload={"check": check.pk})


def refuse(check: IdentityCheck, *, reason: str, now: datetime) -> None:
    """The check ends without making the party verified; an earlier verification stands."""
    move(check, "refused", now=now, why=reason, decided_at=now, reason_code=reason)
    outbox.enqueue("identity.decided", key=f"identity.decided:{check.reference}", payload={"check": check.pk})


def latest(party: Party) -> IdentityCheck | None:
    """The party's newest check, whatever became of it."""
    return IdentityCheck.objects.filter(party=party).order_by("-pk").first()
