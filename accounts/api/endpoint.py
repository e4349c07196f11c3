"""What every address of the API does before and after its one domain call: language, person, second factor, pace, party, role; and the reply.

An action is marked `@reads` or `@writes`; those two say who may, what comes in, what goes out, and write the same into the schema.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation.trans_real import parse_accept_lang_header
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, Throttled
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import access, parties
from accounts.api import paces
from accounts.middleware import lacks_second_factor
from accounts.models import AccessToken, Party, Role, User
from accounts.reauthentication import latest
from core.api import bodies, fields, once, paging, schema
from core.api.problems import Problem

Serializer = type[serializers.Serializer[Any]]
Text = str | Promise
PARTY = OpenApiParameter(
    access.PARTY_HEADER,
    {"type": "string", "pattern": fields.REFERENCE_TEXT},
    OpenApiParameter.HEADER,
    description=_("The party you act for, such as PT-7K3F9Q2M; without it, the one chosen in the session, else the first you joined."),
)


@dataclass(frozen=True)
class Rules:
    """Who may act: in which role for a party ("" needs none), at which pace, and whether after a fresh proof of identity."""

    role: str = ""
    pace: str = paces.READ
    proven: bool = False


@dataclass(frozen=True)
class Sorted:
    """Rows in an order the caller chose."""

    rows: QuerySet[Any]
    order: tuple[str, ...]


@dataclass(frozen=True)
class Made:
    """Something new, and where it can be read."""

    row: Any
    address: str
    headers: dict[str, str] = field(default_factory=dict)


class Endpoint(APIView):
    """One address. `borrows`, `invests`: what the acting party must do here."""

    borrows = invests = False
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    should_append_slash = False
    party: Party
    asked: Any

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        view = super().as_view(**initkwargs)
        view.should_append_slash = False  # type: ignore[attr-defined]  # CommonMiddleware looks here: an address without its slash is another one
        return view

    @property
    def who(self) -> str:
        return f"user:{self.user.pk}"

    @property
    def business_key(self) -> str:
        """For the tables that keep guarding when the stored reply is forgotten."""
        return once.business_key(self.request, who=self.who)

    @property
    def rules(self) -> Rules:
        handler = getattr(self, str(self.request.method).lower(), None)
        return cast(Rules, getattr(handler, "rules", Rules()))

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        speak(request)
        super().initial(request, *args, **kwargs)
        if self.rules.role:
            self.party = self._acting_party(self.rules.role)
        if self.rules.proven and latest(request) is None:
            raise Problem(403, "reauthentication_required", _("Prove again that it is you, in the browser; it holds for five minutes."), page=_proof_page())

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, NotAuthenticated | AuthenticationFailed):
            try:
                paces.check_stranger(self.request)
            except Throttled as tired:
                exc = tired
        return super().handle_exception(exc)

    def check_permissions(self, request: Any) -> None:
        super().check_permissions(request)
        if lacks_second_factor(request.user):
            raise Problem(403, "second_factor_required", _("Staff sign in with a second proof. Set one up first."), page=reverse("mfa_index"))
        if isinstance(request.auth, AccessToken) and not request.auth.may_write and request.method not in ("GET", "HEAD"):
            raise Problem(403, "token_reads_only", _("This token may only read."))

    def check_throttles(self, request: Any) -> None:
        paces.check(request, self.rules.pace)

    def _acting_party(self, role: str) -> Party:
        now = timezone.now()
        party = access.acting_party(self.request, now=now)  # type: ignore[arg-type]
        if party is None or (self.borrows and not party.borrows) or (self.invests and not party.invests):
            raise Problem(403, "not_chosen_yet", _("Choose what you want to do here first."), page=reverse("accounts:onboarding"))
        if role != Role.VIEW and not parties.may(self.user, party, role, now=now):
            raise Problem(403, "role_needed", _("You may look at this for the party, but not act. Ask somebody who signs for it."))
        return party


def speak(request: Any) -> None:
    """Answers in the language the caller asks for; else in the account's."""
    for code, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        try:
            return translation.activate(translation.get_supported_language_variant(code))
        except LookupError:
            continue
    if request.user.is_authenticated:
        translation.activate(request.user.language)
    return None


def _problem(refusal: Any) -> Problem:
    """A refusal of the domain; what is missing is named."""
    sections = getattr(refusal, "sections", ())
    return Problem(409, refusal.code, refusal.message, **({"sections": list(sections)} if sections else {}))


def _proof_page() -> str:
    return reverse("account_reauthenticate")


def reads(
    name: str,
    reply: Serializer,
    *,
    summary: Text,
    description: Text = "",
    role: str = Role.VIEW,
    query: type[forms.Form] | None = None,
    order: Sequence[str] = (),
    pace: str = paces.READ,
) -> Callable[[Any], Any]:
    """The action returns what `reply` is read from; with `order`, rows that are given page by page. `self.asked` is the valid form of `query`."""

    def decorate(action: Any) -> Any:
        @extend_schema(
            operation_id=name,
            summary=summary,  # type: ignore[arg-type]
            description=description or summary,  # type: ignore[arg-type]
            parameters=[*_filters(query), *(schema.PAGES if order else ()), *([PARTY] if role else ())],
            responses={200: schema.page_of(reply) if order else reply, **schema.problem_responses(schema.READ_PROBLEMS)},
        )
        @wraps(action)
        def handler(self: Endpoint, request: Any, **captured: Any) -> Response:
            self.asked, cursor, limit = _asked(request, query, paged=bool(order))
            found = action(self, request, **captured)
            if not order:
                return Response(reply(found).data)
            rows, by = (found.rows, found.order) if isinstance(found, Sorted) else (found, tuple(order))
            page = paging.page(rows, order=by, cursor=cursor, limit=limit, scope=name)
            return Response({"results": reply(page.rows, many=True).data, "next": paging.next_address(request, page.after)})

        handler.rules = Rules(role=role, pace=pace)  # type: ignore[attr-defined]
        return handler

    return decorate


def _filters(query: type[forms.Form] | None) -> list[Any]:
    return [bodies.body_of(query, name=query.__name__, filled=True)] if query else []


def _asked(request: Any, query: type[forms.Form] | None, *, paged: bool) -> tuple[forms.Form | None, str, int]:
    """The query, strictly: what is not known is refused, because a filter nobody applies is worse than an error."""
    known = {*(query.base_fields if query else ()), *(("cursor", "limit") if paged else ())}
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        raise Problem(400, "unknown_parameter", _("There is no such parameter: %(names)s") % {"names": ", ".join(unknown)[:200]})
    limit = request.query_params.get("limit", str(paging.LIMIT))
    if not (limit.isascii() and limit.isdecimal() and len(limit) < 4 and 1 <= int(limit) <= paging.LIMIT_MAX):
        raise Problem(400, "bad_limit", _("A page has 1 to 100 rows."))
    given = {name: value for name, value in request.query_params.items() if query and name in query.base_fields}
    form = query(given) if query else None
    wrong = {name for name, value in given.items() if not value} | set(form.errors if form else ())
    if wrong:
        raise Problem(400, "bad_parameter", _("A parameter has no such value: %(names)s") % {"names": ", ".join(sorted(wrong))})
    return form, request.query_params.get("cursor", ""), int(limit)


def writes(
    name: str,
    reply: Serializer,
    *,
    summary: Text,
    description: Text = "",
    body: Serializer = fields.Body,
    status: int = 200,
    role: str = Role.SIGN,
    pace: str = paces.WRITE,
    proven: bool = False,
    refuses: type[Exception] | tuple[type[Exception], ...] = (),
) -> Callable[[Any], Any]:
    """The action gets the validated body, makes its one domain call and returns what `reply` is read from, or Made. It happens once per key.

    `refuses`: the domain's refusals, which have a `code` and a `message`; they are answered with 409.
    """
    rules = Rules(role=role, pace=pace, proven=proven)

    def decorate(action: Any) -> Any:
        @extend_schema(
            operation_id=name,
            summary=summary,  # type: ignore[arg-type]
            description=description or summary,  # type: ignore[arg-type]
            parameters=[schema.KEY, *([PARTY] if role else ())],
            request=body if body is not fields.Body else None,
            responses={status: reply, **schema.problem_responses(schema.WRITE_PROBLEMS)},
        )
        @wraps(action)
        def handler(self: Endpoint, request: Any, **captured: Any) -> HttpResponse:
            once.key_of(request)
            whose = self.party.reference if role else ""
            sent = once.comparable(request)
            read = body(data=request.data)
            if not read.is_valid():
                once.refuse_reused(request, who=self.who, whose=whose, body=sent)
                raise serializers.ValidationError(read.errors)

            def produce() -> tuple[int, Any, dict[str, str]]:
                try:
                    made = action(self, request, read.validated_data, **captured)
                except refuses as refusal:
                    raise _problem(refusal) from refusal
                row, headers = (made.row, {"Location": made.address}) if isinstance(made, Made) else (made, {})
                return status, reply(row).data, headers

            return once.act_once(request, who=self.who, whose=whose, subject_id=self.user.subject_id, body=sent, produce=produce, now=timezone.now())

        handler.rules = rules  # type: ignore[attr-defined]
        return handler

    return decorate
