"""Locks on persons' data at the privacy office's desk: set one with a ground and a reason, end one with a reason. The person reads both."""

from __future__ import annotations

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
from django.utils.translation import pgettext_lazy

from core.desk_links import DeskLinks
from core.idempotency import once_per_form

from . import disclosure, restriction
from .admin import ReadOnly
from .desk_admin import _staff
from .models import DataSubject, Restriction

MAY = "privacy.restrict_datasubject"
WHY_MAX = 2000
BY_HAND = [choice for choice in Restriction.Ground.choices if choice[0] != restriction.KEPT_BY_LAW]


class WhyForm(forms.Form):
    """The reason, as the person reads it."""

    why = forms.CharField(label=_("Why"), widget=forms.Textarea(attrs={"rows": 4}), max_length=WHY_MAX, help_text=_("The person reads it."))


class LockForm(WhyForm):
    """Whose data, on what ground."""

    pseudonym = forms.CharField(label=_("pseudonym"), max_length=40)
    ground = forms.ChoiceField(label=pgettext_lazy("of a lock", "ground"), choices=BY_HAND)
    field_order = ("pseudonym", "ground", "why")

    def clean_pseudonym(self) -> DataSubject:
        subject = DataSubject.objects.filter(pseudonym=self.cleaned_data["pseudonym"].strip()).first()
        if subject is None:
            raise forms.ValidationError(_("Nobody is known by this pseudonym."))
        return subject


@admin.register(Restriction)
class RestrictionAdmin(DeskLinks, ReadOnly):
    """What stands first: locks that are not lifted."""

    desk_permissions = (MAY,)
    list_display = ("linked", "subject", "ground", "set_by", "set_at", "lifted_by", "lifted_at")
    list_display_links = None
    list_select_related = ("subject", "set_by", "lifted_by")
    list_filter = ("ground", ("lifted_at", admin.EmptyFieldListFilter))
    fields = ("reference", "subject", "ground", "set_by", "set_at", "lifted_by", "lifted_at")
    search_fields = ("=reference", "=subject__pseudonym")
    ordering = ("-set_at",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(MAY)  # type: ignore[union-attr]

    @admin.display(description=_("reference"))
    def linked(self, lock: Restriction) -> str:
        return format_html('<a href="{}">{}</a>', reverse("admin:privacy_restriction_lift", args=[lock.reference]), lock.reference)

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(once_per_form(self.lift_page))
        return [path("lift/<str:reference>/", page, name="privacy_restriction_lift"), *super().get_urls()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        _may(request)
        form = LockForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            done = lambda: restriction.restrict(subject=given["pseudonym"], ground=given["ground"], why=given["why"], by=_staff(request), now=timezone.now())  # noqa: E731
            if self._done(request, form, done, _("Locked. The person reads why on their privacy page.")):
                return self._back()
        return self._page(request, form, title=_("Lock a person's data"), lock=None, words={})

    def lift_page(self, request: HttpRequest, reference: str) -> HttpResponse:
        """Why it was set, and the way to end it. Opening it is a look the person sees."""
        _may(request)
        lock, now = get_object_or_404(Restriction.objects.select_related("subject", "set_by"), reference=reference), timezone.now()
        form = WhyForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            done = lambda: restriction.lift(lock, why=form.cleaned_data["why"], by=_staff(request), now=now)  # noqa: E731
            if self._done(request, form, done, _("Lifted.")):
                return self._back()
        actor = disclosure.Actor(kind="user", subject_id=_staff(request).pk, role="staff")
        look = {"actor": actor, "purpose": "legal_hold", "page": "admin.privacy.lock", "now": now, "reference": lock.reference}
        words = disclosure.reveal(lock, ["why", "lifted_why"], **look) if lock.subject.erased_at is None else {}
        return self._page(request, form, title=lock.reference, lock=lock, words=words)

    def _done(self, request: HttpRequest, form: forms.Form, act: Any, said: Any) -> bool:
        try:
            act()
        except restriction.UnableToRestrict as error:
            form.add_error(None, str(error.message))
            return False
        self.message_user(request, said, messages.SUCCESS)
        return True

    def _back(self) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:privacy_restriction_changelist"))

    def _page(self, request: HttpRequest, form: forms.Form, **shown: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "form": form, "opts": self.opts, **shown}
        return TemplateResponse(request, "admin/privacy/lock.html", context, status=422 if form.errors else 200)


def _may(request: HttpRequest) -> None:
    if not request.user.has_perm(MAY):  # type: ignore[union-attr]
        raise PermissionDenied
