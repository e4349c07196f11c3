"""The rights desk for somebody signed in: what one can ask, what was asked, the answer, an appeal."""

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.forms import WordsField
from core.idempotency import once_per_form

from . import desk, disclosure, rights
from .models import DataSubject, RightsRequest
from .views import _locale, _own_page

NEEDS_WORDS = ("correct", "explain", "human_review", "complain")
HINTS = {
    "access": gettext_lazy("Which kinds of data, why, since when, who received them. We answer in words."),
    "copy": gettext_lazy("Everything, in one file that you and a machine can read. At once."),
    "correct": gettext_lazy("Say what is wrong and what is right. We check it and tell you."),
    "erase": gettext_lazy("Your data and your account go for good. Where a contract still runs we say so instead."),
    "explain": gettext_lazy("Ask about a grade, a price, a refusal, or a rule. A person explains it."),
    "human_review": gettext_lazy("A person who did not make the decision looks at it again, inputs first."),
    "complain": gettext_lazy("About us. Somebody not concerned by it answers."),
}


class RequestForm(forms.Form):
    """One request. Words are needed where without them nobody could answer."""

    about = forms.CharField(label=gettext_lazy("Which application, loan or decision"), max_length=40, required=False)
    message = WordsField(label=gettext_lazy("In your words"), widget=forms.Textarea(attrs={"rows": 6}), max_length=desk.MESSAGE_MAX, required=False)

    def __init__(self, *args: object, kind: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.kind = kind
        self.fields["message"].required = kind in NEEDS_WORDS
        if kind in ("copy", "erase"):
            del self.fields["message"], self.fields["about"]
        if kind == "erase":
            self.fields["sure"] = forms.BooleanField(label=gettext_lazy("I understand that this cannot be undone"))


@require_GET
@_own_page
def requests(request: HttpRequest, subject: DataSubject) -> HttpResponse:
    asked = RightsRequest.objects.filter(subject=subject).order_by("-received_at", "-pk")
    kinds = [(code, label, HINTS[code]) for code, label in RightsRequest.Kind.choices]
    return render(request, "privacy/requests.html", {"requests": asked, "kinds": kinds})


@require_http_methods(["GET", "POST"])
@_own_page
@once_per_form
def ask(request: HttpRequest, subject: DataSubject, kind: str) -> HttpResponse:
    """One thing asked. A copy leads to the file, an erasure that nothing holds signs out for good."""
    label = dict(RightsRequest.Kind.choices).get(kind)
    if label is None:
        raise Http404
    form = RequestForm(request.POST or None, kind=kind)
    context = {"form": form, "kind": kind, "label": label, "hint": HINTS[kind], "holds": desk.hold_words(rights.holds(subject)) if kind == "erase" else []}
    if request.method == "POST" and form.is_valid():
        try:
            asked = desk.receive(
                subject=subject,
                kind=kind,
                message=form.cleaned_data.get("message", ""),
                about=form.cleaned_data.get("about", ""),
                locale=_locale(),
                now=timezone.now(),
            )
        except desk.UnableToAsk as error:
            form.add_error(None, str(error.message))
        else:
            return _after(request, asked)
    return render(request, "privacy/request_new.html", context, status=422 if form.errors else 200)


@_own_page
@reauthentication_required
def ask_erase(request: HttpRequest, subject: DataSubject) -> HttpResponse:
    """What cannot be undone asks first who is there."""
    return ask(request, kind="erase")


def _after(request: HttpRequest, asked: RightsRequest) -> HttpResponseRedirect:
    if asked.kind == "erase" and asked.state == "answered":
        messages.success(request, _("Your data is erased and your account is closed."))
        return redirect("pages:home")
    messages.success(request, _("Received as %(reference)s.") % {"reference": asked.reference})
    return redirect("privacy:request", asked.reference)


def _own(subject: DataSubject, reference: str) -> RightsRequest:
    return get_object_or_404(RightsRequest, subject=subject, reference=reference)


@require_GET
@_own_page
def request_(request: HttpRequest, subject: DataSubject, reference: str) -> HttpResponse:
    asked = _own(subject, reference)
    actor = disclosure.Actor(kind="user", subject_id=subject.pk, role="self")
    words = disclosure.reveal(asked, ["message", "answer"], actor=actor, purpose="rights", page="privacy.request", now=timezone.now())
    can_appeal = asked.state in ("answered", "refused") and asked.appealed_at is None and asked.kind != "copy"
    return render(request, "privacy/request.html", {"asked": asked, "words": words, "reasons": desk.hold_words(asked.reasons), "can_appeal": can_appeal})


@require_POST
@_own_page
@once_per_form
def appeal(request: HttpRequest, subject: DataSubject, reference: str) -> HttpResponse:
    asked = _own(subject, reference)
    try:
        desk.appeal(asked, now=timezone.now())
        messages.success(request, _("Somebody else looks at it again."))
    except desk.UnableToAsk as error:
        messages.error(request, str(error.message))
    return redirect("privacy:request", reference)


@require_POST
@_own_page
@once_per_form
def take_back(request: HttpRequest, subject: DataSubject, reference: str) -> HttpResponse:
    asked = _own(subject, reference)
    if asked.state in desk.OPEN:
        desk.withdraw(asked, now=timezone.now())
        messages.success(request, _("Withdrawn."))
    return redirect("privacy:request", reference)
