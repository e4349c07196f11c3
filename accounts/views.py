"""Pages about oneself: what is still to do, who one is, for whom one acts, and settings. Each makes one domain call."""

from typing import Any, cast

from allauth.account.models import EmailAddress
from django.conf import settings as django_settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core import business_day
from core.idempotency import once_per_form
from privacy import consents, disclosure, retention
from privacy.forms import record_answers

from . import access, documents, forms
from . import identity as identities
from . import onboarding as steps
from . import parties as groups
from .access import party_required
from .models import IdentityCheck, Membership, Party, Role, User


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _party(request: HttpRequest) -> Party:
    return cast(Party, request.party)  # type: ignore[attr-defined]


def _sent(request: HttpRequest) -> QueryDict | None:
    """What was posted, an empty form too; nothing where the page is only looked at."""
    return request.POST if request.method == "POST" else None


def _shown(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """A page with a form: 422 where something in it is wrong."""
    return render(request, template, context, status=422 if context["form"].errors else 200)


@require_safe
@party_required()
def onboarding(request: HttpRequest) -> HttpResponse:
    """The list of what is still to do for the acting party."""
    party = _party(request)
    waiting = groups.invitations_for(_addresses(request), now=timezone.now())
    return render(request, "accounts/onboarding.html", {"party": party, "tasks": steps.tasks(party), "invitations": waiting})


@party_required(Role.SIGN)
def sides(request: HttpRequest) -> HttpResponse:
    party = _party(request)
    form = forms.SidesForm(_sent(request), initial={"borrows": party.borrows, "invests": party.invests})
    if request.method == "POST" and form.is_valid():
        groups.choose_sides(party, **form.cleaned_data, by=_user(request), now=timezone.now())
        return redirect("accounts:onboarding")
    return _shown(request, "accounts/sides.html", {"form": form, "party": party})


@party_required(Role.SIGN)
@once_per_form
def identity(request: HttpRequest) -> HttpResponse:
    """A person's consent first, alone; then the document, what became of the last one, why we ask and how long we keep it."""
    party, now, today = _party(request), timezone.now(), business_day.current()
    if party.kind == Party.Kind.PERSON and not consents.is_given(subject=party.subject, purpose="identity", now=now):
        return _ask_before_the_document(request, party)
    form = forms.IdentityForm(_sent(request), party=party, as_of=today)
    if request.method == "POST" and form.is_valid():
        identities.submit(party=party, **form.cleaned_data, by=_user(request), now=now, as_of=today)
        messages.success(request, _("Received. We check it now and tell you when it is done."))
        return redirect("accounts:identity")
    return _identity_page(request, party, form)


def _ask_before_the_document(request: HttpRequest, party: Party) -> HttpResponse:
    form = forms.IdentityConsentForm(_sent(request))
    if request.method == "POST" and form.is_valid():
        record_answers(form.cleaned_data.values(), subject=party.subject, now=timezone.now())
        return redirect("accounts:identity")
    return _identity_page(request, party, form)


def _identity_page(request: HttpRequest, party: Party, form: Form) -> HttpResponse:
    check = identities.latest(party)
    context = {"form": form, "party": party, "check": check, "shown": _own_document(request, check), "kept": retention.get("account").label}
    return _shown(request, "accounts/identity.html", context)


def _own_document(request: HttpRequest, check: IdentityCheck | None) -> dict[str, str]:
    """The name, and the masked number, of the document shown back to the party it belongs to."""
    if check is None:
        return {}
    opened = disclosure.reveal(
        check,
        ["legal_name", "number"],
        actor=access.actor(_user(request)),
        purpose="identity",
        page="accounts:identity",
        now=timezone.now(),
        reference=check.reference,
    )
    return {"legal_name": opened["legal_name"], "number": documents.masked(opened["number"])}


@login_required
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Act for another party from now on."""
    party = access.switch(request, request.POST.get("party", ""), now=timezone.now())
    messages.success(request, _("You now act for: %(name)s") % {"name": party.shown_name})
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(wanted if safe else reverse("accounts:onboarding"))


@require_safe
@login_required
def parties(request: HttpRequest) -> HttpResponse:
    """For whom the person acts, and who invites them."""
    now = timezone.now()
    memberships = (
        Membership.objects.filter(party__in=groups.for_user(_user(request), now=now), user=_user(request), ended_at=None).select_related("party").order_by("pk")
    )
    invited = list(groups.invitations_for(_addresses(request), now=now))
    names = _names(request, [*(membership.party for membership in memberships), *(invitation.party for invitation in invited)])
    rows = [(membership, names[membership.party_id]) for membership in memberships]
    acting = access.acting_party(request, now=now)
    invitations = [(invitation, names[invitation.party_id]) for invitation in invited]
    return render(request, "accounts/parties.html", {"rows": rows, "invitations": invitations, "acting": acting})


def _names(request: HttpRequest, rows: list[Party]) -> dict[int, str]:
    """Names of the person's own parties, opened through the logged door."""
    opened = disclosure.reveal_many(rows, ["name"], actor=access.actor(_user(request)), purpose="account", page="accounts:parties", now=timezone.now())
    return {row.pk: (opened.get(row.pk) or {}).get("name") or row.shown_name for row in rows}


def _addresses(request: HttpRequest) -> list[str]:
    """The person's own addresses, proven ones only: an invitation is found by them."""
    return list(EmailAddress.objects.filter(user=_user(request), verified=True).values_list("email", flat=True))


@login_required
@once_per_form
def new_business(request: HttpRequest) -> HttpResponse:
    form = forms.BusinessForm(_sent(request))
    if request.method == "POST" and form.is_valid():
        party = groups.create_business(user=_user(request), name=form.cleaned_data["name"], now=timezone.now())
        access.switch(request, party.reference, now=timezone.now())
        return redirect("accounts:onboarding")
    return _shown(request, "accounts/new_business.html", {"form": form})


@login_required
@once_per_form
def party(request: HttpRequest, reference: str) -> HttpResponse:
    """The members of a party; who signs for it invites more."""
    user, now = _user(request), timezone.now()
    group = get_object_or_404(groups.for_user(user, now=now), reference=reference)
    signs = groups.may(user, group, Role.SIGN, now=now)
    if request.method == "POST" and not signs:
        raise PermissionDenied
    form = forms.InvitationForm(_sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            groups.invite(party=group, **form.cleaned_data, by=user, now=now)
        except groups.UnableToChange as refusal:
            form.add_error("email", str(refusal.message))
        else:
            messages.success(request, _("Invited. They join once they have signed in with this address and accepted."))
            return redirect("accounts:party", reference=reference)
    return _shown(request, "accounts/party.html", _party_context(request, group) | {"form": form, "signs": signs})


def _party_context(request: HttpRequest, group: Party) -> dict[str, Any]:
    """Members and open invitations, with the addresses the party knows them by; each look is logged."""
    now, actor = timezone.now(), access.actor(_user(request))
    members = list(groups.members(group, now=now))
    invited = list(group.invitations.filter(state="open", expires_at__gt=now).order_by("pk"))
    disclosure.note([member.user.subject_id for member in members], kinds_seen=["email"], actor=actor, purpose="account", page="accounts:party", now=now)
    opened = disclosure.reveal_many(invited, ["email"], actor=actor, purpose="account", page="accounts:party", now=now)
    return {
        "party": group,
        "name": _names(request, [group])[group.pk],
        "members": members,
        "invited": [(invitation, (opened[invitation.pk] or {}).get("email", "")) for invitation in invited],
    }


@login_required
@require_POST
def end_membership(request: HttpRequest, reference: str) -> HttpResponse:
    """A signer ends anybody's membership of the party; everybody may end their own."""
    user, now = _user(request), timezone.now()
    group = get_object_or_404(groups.for_user(user, now=now), reference=reference)
    member = get_object_or_404(groups.members(group, now=now), user__subject__pseudonym=request.POST.get("member", ""))
    if member.user_id != user.pk and not groups.may(user, group, Role.SIGN, now=now):
        raise PermissionDenied
    groups.end_membership(member, by=user, now=now)
    messages.success(request, _("Ended. They no longer act for this party."))
    return redirect("accounts:parties" if member.user_id == user.pk else reverse("accounts:party", args=[reference]))


@login_required
@require_POST
def accept_invitation(request: HttpRequest, reference: str) -> HttpResponse:
    now = timezone.now()
    invitation = get_object_or_404(groups.invitations_for(_addresses(request), now=now), reference=reference)
    membership = groups.accept(invitation, by=_user(request), now=now)
    access.switch(request, membership.party.reference, now=now)
    messages.success(request, _("You now act for: %(name)s") % {"name": membership.party.shown_name})
    return redirect("accounts:parties")


@login_required
@require_POST
def withdraw_invitation(request: HttpRequest, reference: str) -> HttpResponse:
    user, now = _user(request), timezone.now()
    signing = groups.for_user(user, role=Role.SIGN, now=now)
    invitation = get_object_or_404(groups.Invitation.objects.filter(party__in=signing), reference=reference)
    groups.withdraw(invitation, by=user, now=now)
    return redirect("accounts:party", reference=invitation.party.reference)


@login_required
def settings(request: HttpRequest) -> HttpResponse:
    """Language and time zone; the way to everything about signing in and to the privacy centre."""
    form = forms.SettingsForm(_sent(request), instance=User.objects.get(pk=_user(request).pk))
    if request.method == "POST" and form.is_valid():
        user = form.save()
        response = redirect("accounts:settings")
        response.set_cookie(
            django_settings.LANGUAGE_COOKIE_NAME,
            user.language,
            max_age=365 * 24 * 3600,
            secure=django_settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        messages.success(request, _("Saved."))
        return response
    return _shown(request, "accounts/settings.html", {"form": form})
