"""The circle in the admin: decisions with their explanation, contacts without name or number, complaints to settle. Nobody here sets a role."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from core.desk_links import DeskLinks
from core.forms import WordsField

from . import circle, disclosure
from .admin import ReadOnly
from .models import Complaint, Contact, ContactDecision, ContactLink, DataSubject, OutboundMessage


class ReplyForm(forms.Form):
    """What came of it, in the person's language."""

    answer = WordsField(label=_("Answer"), widget=forms.Textarea({"rows": 6}), max_length=2000)


@admin.register(ContactDecision)
class ContactDecisionAdmin(ReadOnly):
    """Every yes and every no, newest first; the reference leads to the explanation the person concerned reads."""

    list_display = ("at", "explained", "subject", "role", "purpose", "channel", "decision", "reason", "asked_by")
    list_display_links = None
    list_select_related = ("subject", "asked_by")
    list_filter = ("decision", "role", "purpose", "reason", "channel")
    search_fields = ("=reference", "=subject__pseudonym", "=matter__reference")
    ordering = ("-at",)

    @admin.display(description=_("reference"))
    def explained(self, row: ContactDecision) -> str:
        return format_html('<a href="{}">{}</a>', reverse("privacy:decision", args=[row.reference]), row.reference)


@admin.register(OutboundMessage)
class OutboundMessageAdmin(ReadOnly):
    list_display = ("at", "reference", "subject", "purpose", "channel", "template", "template_version", "result")
    list_select_related = ("subject",)
    list_filter = ("result", "purpose", "channel")
    fields = ("reference", "subject", "purpose", "channel", "template", "template_version", "locale", "result", "at", "ended_at")
    search_fields = ("=reference", "=subject__pseudonym")


@admin.register(ContactLink)
class ContactLinkAdmin(ReadOnly):
    list_display = ("reference", "matter", "relationship", "scopes", "state", "created_at", "expires_at")
    list_select_related = ("matter",)
    list_filter = ("state", "relationship")
    fields = ("reference", "matter", "relationship", "scopes", "state", "created_at", "expires_at", "closed_at")


@admin.register(Contact)
class ContactAdmin(ReadOnly):
    """A contact by reference and pseudonym: what they agreed to is theirs to change."""

    list_display = ("reference", "subject", "matter", "state", "accepted_at", "opted_out_at", "erased_at")
    list_select_related = ("subject", "matter")
    list_filter = ("state",)
    fields = ("reference", "subject", "matter", "link", "state", "region", "time_zone", "hours_from", "hours_until", "accepted_at", "opted_out_at", "erased_at")
    search_fields = ("=reference", "=subject__pseudonym")


@admin.register(Complaint)
class ComplaintAdmin(DeskLinks, ReadOnly):
    """Open ones first. Reading one is written down; settling it lets the affair go on."""

    desk_permissions = ("privacy.answer_rightsrequest",)
    list_display = ("linked", "contact", "at", "settled_at")
    list_display_links = None
    list_select_related = ("contact",)
    ordering = ("-settled_at", "at")

    @admin.display(description=_("reference"))
    def linked(self, row: Complaint) -> str:
        return format_html('<a href="{}">{}</a>', reverse("admin:privacy_complaint_desk", args=[row.reference]), row.reference)

    def get_urls(self) -> list[URLPattern]:
        return [path("desk/<str:reference>/", self.admin_site.admin_view(self.desk), name="privacy_complaint_desk"), *super().get_urls()]

    def desk(self, request: HttpRequest, reference: str) -> HttpResponse:
        subject = getattr(request.user, "subject", None)
        if not request.user.has_perm("privacy.answer_rightsrequest") or not isinstance(subject, DataSubject):  # type: ignore[union-attr]
            raise PermissionDenied
        row = get_object_or_404(Complaint.objects.select_related("contact__subject"), reference=reference)
        now = timezone.now()
        form = ReplyForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and (row.contact.state == "erased" or form.is_valid()):
            if circle.settle(row, answer=form.cleaned_data.get("answer", "") if form.is_valid() else "", now=now):
                messages.success(request, _("Settled. The person reads your answer on their page."))
            return HttpResponseRedirect(reverse("admin:privacy_complaint_changelist"))
        actor = disclosure.Actor(kind="user", subject_id=subject.pk, role="staff")
        context: dict[str, Any] = {**self.admin_site.each_context(request), "title": row.reference, "complaint": row, "form": form, "opts": self.opts}
        if row.contact.state != "erased":
            context |= disclosure.reveal(row, ["text", "answer"], actor=actor, purpose="rights", page="admin.privacy.complaint", now=now)
        return TemplateResponse(request, "admin/privacy/complaint.html", context, status=422 if form.errors else 200)
