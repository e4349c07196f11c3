"""Staff's desk for the ladder: record a rung, ask for the next, agree to a need, reach somebody; and the dashboard of how rarely that happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import actor
from accounts.admin import ReadOnlyAdmin
from accounts.models import User
from core.desk_links import DeskLinks
from loans import ladder, ladder_figures, outreach
from loans.ladder import UnableToClimb
from loans.models import Application, LadderCase, Necessity, Rung
from privacy import asking, contact_words, disclosure, explaining, reasons
from privacy import outreach as messages_out
from privacy.models import Contact, OutboundMessage

CLIMB, APPROVE = "loans.climb_ladder", "loans.approve_necessity"
CHANNELS = ("sms", "voice")


@admin.register(LadderCase)
class LadderCaseAdmin(DeskLinks, ReadOnlyAdmin):
    """Cases, open ones first. A case has a desk of its own; who may do what stands with each act."""

    desk_column, desk_permissions = "desk_link", (CLIMB, APPROVE)
    list_display = ("desk_link", "application_reference", "question", "at_rung", "opened_at", "closed_at")
    list_display_links = None
    list_filter = ("question",)
    list_select_related = ("application",)
    search_fields = ("=reference", "=application__reference")
    ordering = ("-closed_at", "opened_at")

    @admin.display(description=gettext_lazy("reference"))
    def desk_link(self, case: LadderCase) -> str:
        return format_html('<a href="{}">{}</a>', reverse("admin:loans_laddercase_desk", args=[case.reference]), case.reference)

    @admin.display(description=gettext_lazy("application"))
    def application_reference(self, case: LadderCase) -> str:
        return case.application.reference

    @admin.display(description=gettext_lazy("rung"))
    def at_rung(self, case: LadderCase) -> str:
        level = ladder.next_level(case)
        return "—" if level is None else f"R{level}"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        mine = [
            path("open/<str:application>/", view(self.open), name="loans_laddercase_open"),
            path("desk/<str:reference>/", view(self.desk), name="loans_laddercase_desk"),
            path("figures/", view(self.figures), name="loans_laddercase_figures"),
        ]
        return [*mine, *super().get_urls()]

    def open(self, request: HttpRequest, application: str) -> HttpResponse:
        """Open a case for an application: asked once, then the desk."""
        _require(request, CLIMB)
        found = get_object_or_404(Application, reference=application)
        if request.method == "POST" and request.POST.get("question") in LadderCase.Question.values:
            case = ladder.open_case(found, question=request.POST["question"], by=_user(request), now=timezone.now())
            return HttpResponseRedirect(reverse("admin:loans_laddercase_desk", args=[case.reference]))
        context = {**self.admin_site.each_context(request), "title": found.reference, "questions": LadderCase.Question.choices, "opts": self.opts}
        return TemplateResponse(request, "admin/loans/ladder_open.html", context)

    def desk(self, request: HttpRequest, reference: str) -> HttpResponse:
        if not (request.user.has_perm(CLIMB) or request.user.has_perm(APPROVE)):
            raise PermissionDenied
        rows = LadderCase.objects.select_related("application__file__subject", "application__file__matter", "application__party__subject")
        case = get_object_or_404(rows, reference=reference)
        ladder.not_own(case.application, _user(request))
        read: dict[str, str] = {}
        if request.method == "POST" and request.POST.get("act") == "read":
            read = _read(request, case)
        elif request.method == "POST":
            self._act(request, case)
            return HttpResponseRedirect(request.path)
        context = {**self.admin_site.each_context(request), **_desk(request, case), "opts": self.opts, "answers": read}
        return TemplateResponse(request, "admin/loans/ladder.html", context)

    def _act(self, request: HttpRequest, case: LadderCase) -> None:
        """One domain call; what it refuses is told, nothing is half done."""
        permission, act = ACTS.get(request.POST.get("act", ""), ("", None))
        if act is None:
            raise PermissionDenied
        _require(request, permission)
        try:
            messages.success(request, act(request, case))
        except UnableToClimb as error:
            messages.error(request, str(error.message))

    def figures(self, request: HttpRequest) -> HttpResponse:
        """How far people had to climb, and how rarely anybody around a borrower was asked."""
        if not (request.user.has_perm(CLIMB) or request.user.has_perm(APPROVE) or request.user.has_perm("loans.view_laddercase")):
            raise PermissionDenied
        context = {**self.admin_site.each_context(request), "title": _("The ladder in figures"), "figures": ladder_figures.read(), "opts": self.opts}
        return TemplateResponse(request, "admin/loans/ladder_figures.html", context)


def _require(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _desk(request: HttpRequest, case: LadderCase) -> dict[str, Any]:
    """Everything the desk shows; reading the notes is written down, and the borrower sees it."""
    rungs, necessities = list(case.rungs.select_related("by").order_by("level")), list(case.necessities.order_by("level"))
    look = {"actor": actor(_user(request), role="servicer"), "purpose": "review", "page": "admin:ladder", "now": timezone.now(), "reference": case.reference}
    notes = disclosure.reveal_many(rungs, ["note"], **look)  # type: ignore[arg-type]
    whys = disclosure.reveal_many(necessities, ["why"], **look)  # type: ignore[arg-type]
    matter = case.application.file.matter
    calls = OutboundMessage.objects.filter(decision__matter=matter, result=OutboundMessage.Result.UNDER_WAY).select_related("decision")
    level = ladder.next_level(case)
    return {
        "case": case,
        "title": case.reference,
        "level": level,
        "level_name": ladder.LEVELS[level] if level is not None else "",
        "social": level in ladder.SOCIAL,
        "rungs": [{"rung": rung, "name": ladder.LEVELS[rung.level], "note": (notes[rung.pk] or {}).get("note", "")} for rung in rungs],
        "necessities": [{"row": row, "name": ladder.LEVELS[row.level], "why": (whys[row.pk] or {}).get("why", "")} for row in necessities],
        "outcomes": Rung.Outcome.choices,
        "contacts": Contact.objects.filter(matter=matter, state="opted_in", withdrawn_at=None).select_related("link"),
        "purposes": [(code, contact_words.PURPOSES[code]) for code, rung in outreach.RUNG_OF.items() if rung == level],
        "channels": [(code, contact_words.CHANNELS[code]) for code in CHANNELS],
        "calls": calls,
        "attempts": explaining.explained(explaining.rows().filter(matter=matter)[:30]),
        "whys": reasons.REASONS.items(),
        "flags": ladder.flags(case.application),
        "flag_words": contact_words.FLAGS.items(),
        "may_climb": request.user.has_perm(CLIMB),
        "may_approve": request.user.has_perm(APPROVE),
    }


def _read(request: HttpRequest, case: LadderCase) -> dict[str, str]:
    """{message: answer} of one contact's answer, on the page alone and nowhere else; by who climbs, for a reason the contact reads."""
    _require(request, CLIMB)
    why, rows = request.POST.get("why", ""), OutboundMessage.objects.select_related("subject").filter(decision__matter=case.application.file.matter)
    message = get_object_or_404(rows, reference=request.POST.get("message", ""), result=OutboundMessage.Result.ANSWERED, decision__role="contact")
    if why not in reasons.REASONS:
        messages.error(request, _("Say first why you open it."))
        return {}
    reader = actor(_user(request), role="servicer", why=why)
    return {message.reference: asking.answered(message, actor=reader, page="admin:ladder", now=timezone.now(), reference=case.reference)}


Act = Callable[[HttpRequest, LadderCase], str]


def _record(request: HttpRequest, case: LadderCase) -> str:
    given = request.POST
    if given.get("outcome") not in Rung.Outcome.values or not given.get("note", "").strip() or not given.get("level", "").isdigit():
        raise UnableToClimb("incomplete", _("Choose an outcome and write down what was tried."))
    ladder.record(case, level=int(given["level"]), outcome=given["outcome"], note=given["note"], by=_user(request), now=timezone.now())
    return _("Recorded.")


def _request(request: HttpRequest, case: LadderCase) -> str:
    level = int(request.POST.get("level", "0")) if request.POST.get("level", "").isdigit() else 0
    ladder.request_necessity(case, level=level, why=request.POST.get("why", ""), by=_user(request), now=timezone.now())
    return _("Written down. Somebody else has to agree.")


def _approve(request: HttpRequest, case: LadderCase) -> str:
    necessity = get_object_or_404(Necessity, case=case, reference=request.POST.get("necessity", ""))
    ladder.approve(necessity, by=_user(request), now=timezone.now())
    return _("Agreed.")


def _ask(request: HttpRequest, case: LadderCase) -> str:
    given = request.POST
    contact = get_object_or_404(Contact.objects.select_related("subject", "matter__subject", "link"), reference=given.get("contact", ""))
    if given.get("channel") not in CHANNELS:
        raise UnableToClimb("no_channel", _("Choose how."))
    outcome = outreach.ask_contact(case, contact, purpose=given.get("purpose", ""), channel=given["channel"], by=_user(request), now=timezone.now())
    return _told(outcome)


def _call(request: HttpRequest, case: LadderCase) -> str:
    return _told(outreach.call_borrower(case.application, by=_user(request), now=timezone.now()))


def _told(outcome: messages_out.Outcome) -> str:
    words = contact_words.reason(outcome.decision.reason)
    verdict = _("Allowed.") if outcome.allowed else _("Refused by rule. Nothing was sent.")
    return f"{verdict} {words} {outcome.decision.reference}"


def _ended(request: HttpRequest, case: LadderCase) -> str:
    message = get_object_or_404(OutboundMessage, reference=request.POST.get("message", ""), decision__matter=case.application.file.matter)
    messages_out.ended(message, connected=request.POST.get("connected") == "yes", now=timezone.now())
    return _("Recorded.")


def _flag(request: HttpRequest, case: LadderCase) -> str:
    kind = request.POST.get("kind", "")
    if kind not in contact_words.FLAGS:
        raise PermissionDenied
    ladder.set_flag(case.application, kind=kind, by=_user(request), now=timezone.now())
    return _("Recorded.")


def _lift(request: HttpRequest, case: LadderCase) -> str:
    ladder.lift_flag(case.application, kind=request.POST.get("kind", ""), by=_user(request), now=timezone.now())
    return _("Recorded.")


ACTS: dict[str, tuple[str, Act]] = {
    "record": (CLIMB, _record),
    "request": (CLIMB, _request),
    "approve": (APPROVE, _approve),
    "ask": (CLIMB, _ask),
    "call": (CLIMB, _call),
    "ended": (CLIMB, _ended),
    "flag": (CLIMB, _flag),
    "lift": (APPROVE, _lift),
}
