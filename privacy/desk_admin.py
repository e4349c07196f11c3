"""The privacy office in the admin: answer what persons ask, sign assessments, keep the register of processors, run a breach."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from core.desk_links import DeskLinks
from core.idempotency import once_per_form

from . import assessments, breaches, desk, disclosure, kinds, purposes
from .admin import ReadOnly
from .models import Breach, DataSubject, ErasureProof, ImpactAssessment, Processor, RightsRequest


class AnswerForm(forms.Form):
    """The answer in the person's language; a refusal names its reasons."""

    verdict = forms.ChoiceField(label=_("What we do"), choices=[("answer", _("Answer")), ("refuse", _("Refuse, with reasons"))], widget=forms.RadioSelect)
    reasons = forms.MultipleChoiceField(label=_("Reasons of a refusal"), choices=list(desk.HOLDS.items()), required=False, widget=forms.CheckboxSelectMultiple)
    text = forms.CharField(label=_("Answer"), widget=forms.Textarea(attrs={"rows": 8}), max_length=desk.MESSAGE_MAX)


def _staff(request: HttpRequest) -> DataSubject:
    subject = getattr(request.user, "subject", None)
    if not isinstance(subject, DataSubject):
        raise PermissionDenied
    return subject


@admin.register(RightsRequest)
class RightsRequestAdmin(DeskLinks, ReadOnly):
    """The queue: what is due first stands first. Opening one shows the person's words, and the person sees that it was opened."""

    desk_permissions = ("privacy.answer_rightsrequest",)
    list_display = ("linked", "kind", "subject", "state", "received_at", "due", "handler")
    list_display_links = None
    list_filter = ("state", "kind", "jurisdiction")
    list_select_related = ("subject", "handler")
    ordering = ("answered_at", "due_at")
    search_fields = ("=reference", "=subject__pseudonym")

    @admin.display(description=_("reference"))
    def linked(self, asked: RightsRequest) -> str:
        return format_html('<a href="{}">{}</a>', reverse("admin:privacy_rightsrequest_desk", args=[asked.reference]), asked.reference)

    @admin.display(description=_("answer due"), ordering="due_at")
    def due(self, asked: RightsRequest) -> str:
        late = asked.state in desk.OPEN and asked.due_at < timezone.now()
        return format_html("{}{}", timezone.localtime(asked.due_at).strftime("%Y-%m-%d"), format_html(" <b>{}</b>", _("late")) if late else "")

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(once_per_form(self.desk_page))
        return [path("desk/<str:reference>/", page, name="privacy_rightsrequest_desk"), *super().get_urls()]

    def desk_page(self, request: HttpRequest, reference: str) -> HttpResponse:
        if not request.user.has_perm("privacy.answer_rightsrequest"):  # type: ignore[union-attr]
            raise PermissionDenied
        asked = get_object_or_404(RightsRequest.objects.select_related("subject", "handler"), reference=reference)
        form = AnswerForm(request.POST or None)
        if request.method == "POST" and self._act(request, asked, form):
            return HttpResponseRedirect(reverse("admin:privacy_rightsrequest_changelist"))
        actor = disclosure.Actor(kind="user", subject_id=_staff(request).pk, role="staff")
        words = disclosure.reveal(asked, ["message", "answer"], actor=actor, purpose="rights", page="admin.privacy.desk", now=timezone.now())
        context = {**self.admin_site.each_context(request), "title": asked.reference, "asked": asked, "words": words, "form": form, "opts": self.opts}
        return TemplateResponse(request, "admin/privacy/desk.html", context)

    def _act(self, request: HttpRequest, asked: RightsRequest, form: AnswerForm) -> bool:
        """Take it, or answer. True when the page is done with."""
        handler, now = _staff(request), timezone.now()
        try:
            if "take" in request.POST:
                form.errors.clear()
                desk.take(asked, handler=handler, now=now)
            elif form.is_valid():
                given = form.cleaned_data
                if given["verdict"] == "answer":
                    desk.answer(asked, text=given["text"], handler=handler, now=now)
                else:
                    desk.refuse(asked, text=given["text"], reasons=given["reasons"], handler=handler, now=now)
                self.message_user(request, _("Answered. The person is told."), messages.SUCCESS)
                return True
        except desk.UnableToAsk as error:
            self.message_user(request, str(error.message), messages.ERROR)
        return False


@admin.register(ErasureProof)
class ErasureProofAdmin(ReadOnly):
    list_display = ("at", "rule", "app", "count", "cutoff", "ids_sha256")
    list_filter = ("rule", "app")
    ordering = ("-id",)


class SignForm(forms.ModelForm):
    """Which shipped text is signed; its state is said beside its name."""

    feature = forms.ChoiceField(label=_("feature"), widget=forms.RadioSelect)

    class Meta:
        model = ImpactAssessment
        fields = ("feature",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = timezone.now()
        if "feature" in self.fields:
            states = {feature: assessments.STATES[assessments.status(feature, now=now)] for feature in assessments.features()}
            choices = [(feature, format_lazy("{}: {}", assessments.label(feature), state)) for feature, state in states.items()]
            self.fields["feature"].choices = choices  # type: ignore[attr-defined]


@admin.register(ImpactAssessment)
class ImpactAssessmentAdmin(ReadOnly):
    """Signing is an action on the last version: the shipped text is read here and signed for another year."""

    list_display = ("reference", "feature", "version", "now_", "signed_by", "signed_at", "expires_at")
    list_filter = ("feature",)
    ordering = ("feature", "-version")
    actions = ("sign",)
    form = SignForm
    fields = ("feature", "version", "purposes", "lawful", "impact", "measures", "signed_by", "signed_at", "expires_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_sign_permission(request)

    def get_fieldsets(self, request: HttpRequest, obj: ImpactAssessment | None = None) -> Any:
        """A first signature: every feature with its state and the text that is signed."""
        if obj is not None:
            return super().get_fieldsets(request, obj)
        rows = [(assessments.label(feature), *assessments.text(feature).values()) for feature in assessments.features()]
        told = format_html_join("", "<h3>{}</h3><p>{}</p><p>{}</p><p>{}</p>", rows)
        return [(None, {"fields": ("feature",), "description": told})]

    def save_model(self, request: HttpRequest, obj: ImpactAssessment, form: Any, change: bool) -> None:
        signed = assessments.sign(obj.feature, by=_staff(request), now=timezone.now())
        obj.pk = signed.pk if signed else ImpactAssessment.objects.filter(feature=obj.feature).latest("version").pk

    @admin.display(description=_("now"))
    def now_(self, row: ImpactAssessment) -> str:
        return str(assessments.STATES[assessments.status(row.feature, now=timezone.now())])

    def has_sign_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("privacy.sign_impactassessment")  # type: ignore[union-attr]

    @admin.action(description=_("Sign the shipped text again, for a year"), permissions=["sign"])
    def sign(self, request: HttpRequest, queryset: QuerySet[ImpactAssessment]) -> None:
        for feature in sorted({row.feature for row in queryset}):
            assessments.sign(feature, by=_staff(request), now=timezone.now())
        self.message_user(request, _("Signed."), messages.SUCCESS)


class ProcessorForm(forms.ModelForm):
    """Purposes and kinds are chosen from the catalogs, so that a check can be made against them."""

    purposes = forms.MultipleChoiceField(label=_("purposes"), choices=lambda: [(code, p.label) for code, p in purposes.PURPOSES.items()])
    kinds = forms.MultipleChoiceField(label=_("kinds of data"), choices=lambda: [(code, k.label) for code, k in kinds.KINDS.items()])

    class Meta:
        model = Processor
        fields = ("name", "country", "purposes", "kinds", "contract", "supervision", "starts_on", "ends_on", "returned_on")


@admin.register(Processor)
class ProcessorAdmin(admin.ModelAdmin):
    form = ProcessorForm
    list_display = ("reference", "name", "country", "contract", "starts_on", "ends_on", "returned_on")
    search_fields = ("name", "=reference")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class BreachForm(forms.ModelForm):
    """What is known; the rest can be added while the clocks run."""

    kinds = forms.MultipleChoiceField(label=_("kinds of data"), choices=lambda: [(code, k.label) for code, k in kinds.KINDS.items()])
    jurisdictions = forms.MultipleChoiceField(label=_("jurisdictions"), choices=[(place, place) for place in ("CN", "EU", "UK", "US", "IN", "ID", "PH", "KE")])

    class Meta:
        model = Breach
        fields = ("what", "cause", "harm", "remedies", "kinds", "jurisdictions", "since", "until", "drill")
        widgets = dict.fromkeys(("what", "cause", "harm", "remedies"), AdminTextareaWidget)


@admin.register(Breach)
class BreachAdmin(admin.ModelAdmin):
    """Adding one starts the clocks and scopes the persons. The actions are the steps of PIPL 57."""

    form = BreachForm
    list_display = ("reference", "what", "state", "opened_at", "due", "persons_count", "unreached", "authority_told_at", "persons_told_at", "drill")
    actions = ("authority_told", "tell_persons", "contain", "close_")
    ordering = ("-opened_at",)

    def get_fields(self, request: HttpRequest, obj: Breach | None = None) -> Any:
        return (*BreachForm.Meta.fields, "drafts") if obj else BreachForm.Meta.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Breach | None = None) -> Any:
        """Whether it is a drill is said when it begins, and never afterwards."""
        return ("drill", "drafts") if obj else ("drafts",)

    @admin.display(description=_("authority by"))
    def due(self, breach: Breach) -> str:
        return ", ".join(f"{place} {timezone.localtime(at):%m-%d %H:%M}" for place, at in breaches.deadlines(breach).items())

    @admin.display(description=_("persons concerned"))
    def persons_count(self, breach: Breach) -> int:
        return breach.persons.count()

    @admin.display(description=_("out of reach"))
    def unreached(self, breach: Breach) -> int:
        return breaches.unreached(breach)

    @admin.display(description=_("drafted notices"))
    def drafts(self, breach: Breach) -> str:
        parts = [breaches.draft(breach, locale=locale) for locale in ("zh-hans", "en")]
        return "\n\n".join("\n".join([part.heading, *(f"{name}: {text or '…'}" for name, text in part.lines)]) for part in parts)

    def has_change_permission(self, request: HttpRequest, obj: Breach | None = None) -> bool:
        return request.user.has_perm("privacy.handle_breach") and (obj is None or obj.state != "closed")  # type: ignore[union-attr]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("privacy.handle_breach")  # type: ignore[union-attr]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Breach, form: Any, change: bool) -> None:
        if change:
            breaches.amend(obj, values=form.cleaned_data, now=timezone.now())
            return
        given = {name: form.cleaned_data[name] for name in ("what", "jurisdictions", "since", "until", "drill")}
        known = {name: form.cleaned_data[name] for name in ("cause", "harm", "remedies")}
        opened = breaches.open_(**given, known=known, kinds_=form.cleaned_data["kinds"], by=_staff(request), now=timezone.now())
        obj.pk = opened.pk
        obj.refresh_from_db()

    @admin.action(description=_("The authority was told"), permissions=["change"])
    def authority_told(self, request: HttpRequest, queryset: QuerySet[Breach]) -> None:
        for breach in queryset:
            breaches.told_authority(breach, now=timezone.now())

    @admin.action(description=_("Tell the persons concerned"), permissions=["change"])
    def tell_persons(self, request: HttpRequest, queryset: QuerySet[Breach]) -> None:
        for breach in queryset:
            try:
                count = breaches.tell_persons(breach, now=timezone.now())
                self.message_user(request, _("The notices of %(count)s persons are on their way.") % {"count": count}, messages.SUCCESS)
            except breaches.UnableToTell as error:
                names = ", ".join(str(Breach._meta.get_field(name).verbose_name) for name in error.fields)  # type: ignore[union-attr]
                self.message_user(request, _("The notice lacks: %(names)s.") % {"names": names}, messages.ERROR)

    @admin.action(description=_("Contained"), permissions=["change"])
    def contain(self, request: HttpRequest, queryset: QuerySet[Breach]) -> None:
        for breach in queryset.filter(state="open"):
            breaches.contain(breach, by=_staff(request), now=timezone.now())

    @admin.action(description=_("Close"), permissions=["change"])
    def close_(self, request: HttpRequest, queryset: QuerySet[Breach]) -> None:
        for breach in queryset.filter(state="contained"):
            try:
                breaches.close(breach, by=_staff(request), now=timezone.now())
            except IntegrityError:
                self.message_user(request, _("Tell the authority and the persons first."), messages.ERROR)
