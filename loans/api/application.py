"""Applying: a draft, its sections, documents, submission, and what became of it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as FormError
from django.core.validators import RegexValidator
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.parsers import MultiPartParser

from accounts.api.endpoint import Endpoint, Made, reads, writes
from core import business_day, states
from core.api import bodies
from core.api.fields import AmountIn, Body, Choice, Reply, Text
from loans import access, answers, forms
from loans import application as applications
from loans.api import shapes
from loans.models import Application, Document
from privacy import consents, notices
from privacy.models import Notice

READ, CHANGE = "view", "prepare"


class FundsItemBody(Body):
    """One line of what the money is for."""

    label = Text(max_length=80)  # type: ignore[assignment]  # a field, popped by the metaclass
    amount = AmountIn()


class FundsBody(Body):
    """The itemised use of funds; together the amount asked for."""

    items = serializers.ListField(child=FundsItemBody(), min_length=1, max_length=forms.ITEMS)


def _answer() -> Text:
    return Text(validators=[RegexValidator(r"^(yes|no):[0-9]{1,6}$")], help_text=_("“yes:” or “no:” and the version of the notice that was read."))


PrivacyBody = type(
    "Privacy", (Body,), {name: _answer() for name in forms.ConsentsForm.base_fields} | {"__doc__": "One answer to each notice.", "__module__": __name__}
)
SECTION_BODIES: dict[str, type[Body]] = {
    "project": bodies.body_of(forms.WholeProjectForm, name="Project"),
    "funds": FundsBody,
    "background": bodies.body_of(forms.BackgroundForm),
    "repayment": bodies.body_of(forms.RepaymentForm, name="RepaymentPlan"),
    "finances": bodies.body_of(forms.WholeFinancesForm, name="Finances"),
    "privacy": PrivacyBody,
}


class Notices(Reply):
    """A notice to answer: read `text`, then send “yes:version” or “no:version”. `needed`: without a yes there is no loan."""

    purpose = serializers.CharField()
    needed = serializers.BooleanField()
    version = serializers.IntegerField()
    question = serializers.CharField()
    text = serializers.CharField()
    seen = serializers.ListField(child=serializers.CharField(), help_text=_("Who sees it."))
    refuse = serializers.CharField(help_text=_("What a no means."))
    address = serializers.CharField()
    answer = serializers.CharField(help_text=_("Where it stands: not_asked, given, refused, withdrawn, reconsent_needed."))


class PrivacyView(Reply):
    """The notices of an application and the answers given so far."""

    notices = Notices(many=True)


class Answers(Reply):
    """The person's own answers, opened for themselves; what is not answered is left out. Each look is logged."""

    answers = serializers.DictField(child=serializers.JSONField())


class ApplicationsEndpoint(Endpoint):
    """Applications of the acting party."""

    borrows = True

    @reads("applications", shapes.ApplicationRow, summary=_("My applications"), order=("-created_at", "-pk"))
    def get(self, request: Any) -> Any:
        return Application.objects.filter(party=self.party)

    @writes("application_start", shapes.ApplicationDetail, summary=_("Start an application"), status=201, role=CHANGE)
    def post(self, request: Any, body: dict[str, Any]) -> Any:
        made = applications.start(party=self.party, by=self.user, language=notices.supported(get_language()), now=timezone.now())
        return Made(_shown(made.reference, self), reverse("api:application", args=[made.reference]))


def _shown(reference: str, endpoint: Endpoint) -> Application:
    found = access.own_application(reference, party=endpoint.party)
    found.timeline = states.history(found)  # type: ignore[attr-defined]
    return found


class ApplicationEndpoint(Endpoint):
    """One application."""

    borrows = True

    @reads("application", shapes.ApplicationDetail, summary=_("One application, how far it is and what happened to it"))
    def get(self, request: Any, reference: str) -> Any:
        return _shown(reference, self)


class ReasonsEndpoint(Endpoint):
    """The scorecard's reasons."""

    borrows = True

    @reads("application_reasons", shapes.Reasons, summary=_("Why the scorecard decided as it did"), description=_("Each look is logged."))
    def get(self, request: Any, reference: str) -> Any:
        found = access.own_application(reference, party=self.party)
        return {"reasons": answers.reasons(found, by=self.user, language=get_language(), page="api.application", now=timezone.now())}


class SectionEndpoint(Endpoint):
    """One section of a draft: `section` is set by the subclass."""

    borrows = True
    section: str

    def keep(self, reference: str, data: dict[str, Any]) -> Application:
        found = access.own_application(reference, party=self.party)
        form = answers.form(found, self.section, data=data)
        bodies.cleaned(form)
        answers.save(found, self.section, form, now=timezone.now(), method="api")
        return _shown(reference, self)


def _section(name: str, summary: Any) -> type[SectionEndpoint]:
    """The endpoint of a section whose form a body maps to field by field."""

    class Section(SectionEndpoint):
        section = name

        @writes(f"application_{name}", shapes.ApplicationDetail, summary=summary, body=SECTION_BODIES[name], role=CHANGE, refuses=applications.UnableToApply)
        def put(self, request: Any, body: dict[str, Any], reference: str) -> Any:
            return self.keep(reference, body)

    return Section


def _answered(name: str, summary: Any, read: Any) -> type[SectionEndpoint]:
    """The same for a sealed section, whose answers are read back through the logged door."""

    class Answered(_section(name, summary)):  # type: ignore[misc]
        @reads(f"application_{name}_read", Answers, summary=read, description=_("Each look is logged."))
        def get(self, request: Any, reference: str) -> Any:
            found = access.own_application(reference, party=self.party)
            return {"answers": answers.own(found, name, by=self.user, page="api.section", now=timezone.now())}

    return Answered


ProjectEndpoint = _section("project", _("Save the project"))
BackgroundEndpoint = _answered("background", _("Save the background"), _("My background, as I gave it"))
RepaymentEndpoint = _answered("repayment", _("Save the repayment plan"), _("My repayment plan, as I gave it"))
FinancesEndpoint = _answered("finances", _("Save income, debts and work"), _("My income, debts and work, as I gave them"))


class FundsEndpoint(SectionEndpoint):
    """Use of funds."""

    section = "funds"

    @writes("application_funds", shapes.ApplicationDetail, summary=_("Save the use of funds"), body=FundsBody, role=CHANGE, refuses=applications.UnableToApply)
    def put(self, request: Any, body: dict[str, Any], reference: str) -> Any:
        return self.keep(reference, {f"{part}_{k}": item[part] for k, item in enumerate(body["items"], start=1) for part in ("label", "amount")})


class PrivacyEndpoint(SectionEndpoint):
    """Consents, each by itself."""

    section = "privacy"

    @reads("application_privacy_read", PrivacyView, summary=_("The notices of an application, and my answers"))
    def get(self, request: Any, reference: str) -> Any:
        found = access.own_application(reference, party=self.party)
        return {"notices": [self._notice(found, purpose) for purpose in forms.ConsentsForm.base_fields]}

    def _notice(self, found: Application, purpose: str) -> dict[str, Any]:
        notice: Notice = notices.current(purpose, notices.supported(get_language()))
        return {
            "purpose": purpose,
            "needed": purpose in applications.REQUIRED_CONSENTS,
            "version": notice.version,
            "question": notice.ask["question"],
            "text": "\n".join(notice.ask[part] for part in ("intro", "what", "why", "kept")),
            "seen": notice.ask["seen"],
            "refuse": notice.ask["refuse"],
            "address": reverse("privacy:notice", args=[notice.code]),
            "answer": consents.state(subject=found.file.subject, purpose=purpose, matter=found.file.matter, now=timezone.now()).code,
        }

    @writes("application_privacy", shapes.ApplicationDetail, summary=_("Answer the notices"), body=PrivacyBody, role=CHANGE, refuses=applications.UnableToApply)
    def put(self, request: Any, body: dict[str, Any], reference: str) -> Any:
        return self.keep(reference, body)


class SubmitEndpoint(Endpoint):
    """Sending an application."""

    borrows = True

    @writes("application_submit", shapes.ApplicationDetail, summary=_("Send the application"), refuses=applications.UnableToApply)
    def post(self, request: Any, body: dict[str, Any], reference: str) -> Any:
        found = access.own_application(reference, party=self.party)
        applications.submit(found, by=self.user, as_of=business_day.current(), now=timezone.now())
        return _shown(reference, self)


class WithdrawEndpoint(Endpoint):
    """Taking an application back."""

    borrows = True

    @writes("application_withdraw", shapes.ApplicationDetail, summary=_("Take the application back"))
    def post(self, request: Any, body: dict[str, Any], reference: str) -> Any:
        applications.withdraw(access.own_application(reference, party=self.party), by=self.user, now=timezone.now())
        return _shown(reference, self)


class DocumentBody(Body):
    """A file and what it is. PDF, PNG or JPEG; checked by content, cleaned, encrypted."""

    kind = Choice(choices=[kind.value for kind in Document.Kind])
    upload = serializers.FileField(use_url=False)


class DocumentsEndpoint(Endpoint):
    """Documents of a draft."""

    borrows = True
    parser_classes = [MultiPartParser]

    @writes("document_add", shapes.DocumentRow, summary=_("Add a document"), body=DocumentBody, status=201, role=CHANGE, refuses=applications.UnableToApply)
    def post(self, request: Any, body: dict[str, Any], reference: str) -> Any:
        found = access.own_application(reference, party=self.party)
        try:
            return applications.add_document(found, kind=body["kind"], upload=body["upload"], now=timezone.now())
        except FormError as error:
            raise ValidationError({"upload": [ErrorDetail(" ".join(error.messages), code=error.code or "invalid")]}) from error


class DocumentEndpoint(Endpoint):
    """One document of a draft."""

    borrows = True

    @reads("document", shapes.DocumentRow, summary=_("One document"))
    def get(self, request: Any, reference: str) -> Any:
        return access.own_document(reference, party=self.party)

    @writes("document_remove", shapes.DocumentRow, summary=_("Take a document back"), role=CHANGE, refuses=applications.UnableToApply)
    def delete(self, request: Any, body: dict[str, Any], reference: str) -> Any:
        found = access.own_document(reference, party=self.party)
        applications.remove_document(found, now=timezone.now())
        return found
