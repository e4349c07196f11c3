"""Users, the parties they act for, invitations, identity checks, access tokens, and who did what."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import pgtrigger
from allauth.usersessions.models import UserSession
from django.contrib.auth import get_backends
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core.models import Referenced
from core.states import Transitions, reached, track_state
from privacy import subjects
from privacy.fields import EncryptedTextField
from privacy.models import DataSubject, SealedRow, append_only, not_emptied

DISCLOSING = "disclose_"  # permissions of this name count on an object only, never on a model
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, *, now: datetime | None = None, **fields: Any) -> User:
        """A user with a data subject of their own. Everyone whose data we hold has one."""
        moment = now or timezone.now()
        kind = DataSubject.Kind.STAFF if fields.get("is_staff") else DataSubject.Kind.PERSON
        if "subject" not in fields:
            fields["subject"] = subjects.create(kind, now=moment)
        user = self.model(email=email.strip().lower(), joined_at=moment, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who signs in. The e-mail is the one declared exception to encryption (class P1, removed at erasure)."""

    email = models.EmailField(_("e-mail address"), unique=True)
    subject = models.OneToOneField(DataSubject, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(_("language"), max_length=10, choices=LANGUAGES, default="zh-hans")
    time_zone = models.CharField(_("time zone"), max_length=40, default="Asia/Shanghai")
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("staff"), default=False)
    joined_at = models.DateTimeField(_("joined"))

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints: ClassVar = [models.CheckConstraint(name="accounts_user_email_lower", condition=Q(email=models.functions.Lower("email")))]

    def __str__(self) -> str:
        return f"user {self.pk}"

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """A superuser may do everything but this: what is known of a person is opened by a grant on that person's file, for everybody alike."""
        if perm.rpartition(".")[2].startswith(DISCLOSING):
            return obj is not None and self.is_active and any(backend.has_perm(self, perm, obj) for backend in get_backends())
        return super().has_perm(perm, obj)

    @property
    def pseudonym(self) -> str:
        return self.subject.pseudonym


class Party(Referenced, SealedRow):
    """A person or a business: the owner of wallets, applications, pledges and participations."""

    REFERENCE_PREFIX = "PT"

    class Kind(models.TextChoices):
        PERSON = "person", _("person")
        BUSINESS = "business", _("business")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    subject = models.OneToOneField(DataSubject, on_delete=models.PROTECT, related_name="+")
    name = EncryptedTextField(subject="subject", purpose="account", kind="name", retention="account")
    jurisdiction = models.CharField(_("jurisdiction"), max_length=8, default="CN")
    funding_profile = models.CharField(_("funding profile"), max_length=20, default="SANDBOX")
    users: models.ManyToManyField[User, Membership] = models.ManyToManyField(User, through="Membership", related_name="parties")
    borrows = models.BooleanField(_("borrows"), default=False)
    invests = models.BooleanField(_("invests"), default=False)
    verified_at = models.DateTimeField(_("identity verified"), null=True, blank=True)
    created_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("party")
        verbose_name_plural = _("parties")
        constraints: ClassVar = [models.CheckConstraint(name="accounts_party_kind", condition=Q(kind__in=["person", "business"]))]

    def __str__(self) -> str:
        return self.reference

    @property
    def ledger_owner(self) -> str:
        return f"party:{self.pk}"

    @property
    def shown_name(self) -> str:
        """What the pages call the party in passing: no name is opened for a menu."""
        return gettext("Yourself") if self.kind == self.Kind.PERSON else gettext("Business %(reference)s") % {"reference": self.reference}


class Role(models.TextChoices):
    """What a user may do for a party. Each role includes the one before."""

    VIEW = "view", pgettext_lazy("role", "look")
    PREPARE = "prepare", pgettext_lazy("role", "prepare")
    SIGN = "sign", pgettext_lazy("role", "sign")


class Membership(models.Model):
    """That a user acts for a party, in a role, from one moment to another."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("user"))
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("party"))
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    created_at = models.DateTimeField(_("since"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    Role = Role

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "party"], condition=Q(ended_at=None), name="accounts_membership_one_live"),
            models.CheckConstraint(name="accounts_membership_role", condition=Q(role__in=["view", "prepare", "sign"])),
            models.CheckConstraint(name="accounts_membership_ended_later", condition=Q(ended_at=None) | Q(ended_at__gte=models.F("created_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.party}, {self.get_role_display()}"


INVITATION = Transitions(initial="open", moves={"open": ("accepted", "withdrawn", "expired")})


@track_state
class Invitation(Referenced, SealedRow):
    """That somebody with this address may act for a party once they accept. Made alike whether or not the address has an account."""

    REFERENCE_PREFIX = "IN"

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="invitations")
    email = EncryptedTextField(subject="party__subject", purpose="account", kind="email", retention="invitation")
    email_index = models.BinaryField(max_length=32, db_index=True)
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=10,
        default="open",
        choices=INVITATION.choices(
            {
                "open": pgettext_lazy("invitation", "open"),
                "accepted": pgettext_lazy("invitation", "accepted"),
                "withdrawn": pgettext_lazy("invitation", "withdrawn"),
                "expired": pgettext_lazy("invitation", "expired"),
            }
        ),
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["party", "email_index"], condition=Q(state="open"), name="accounts_invitation_one_open"),
            models.CheckConstraint(name="accounts_invitation_role", condition=Q(role__in=["view", "prepare", "sign"])),
            reached(["accepted", "withdrawn", "expired"], "decided_at", name="accounts_invitation_decided"),
        ]
        triggers: ClassVar = [INVITATION.trigger()]


IDENTITY_CHECK = Transitions(initial="submitted", moves={"submitted": ("verified", "refused"), "verified": ("expired",)})


@track_state
class IdentityCheck(Referenced, SealedRow):
    """One check of one identity document by one provider."""

    REFERENCE_PREFIX = "ID"

    class Document(models.TextChoices):
        RESIDENT_ID = "resident_id", _("Resident identity card")
        PASSPORT = "passport", _("Passport")
        USCC = "uscc", _("Unified social credit code")

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="identity_checks")
    document = models.CharField(_("document"), max_length=12, choices=Document.choices)
    legal_name = EncryptedTextField(subject="party__subject", purpose="identity", kind="name", retention="account")
    number = EncryptedTextField(subject="party__subject", purpose="identity", kind="id_number", retention="account")
    number_index = models.BinaryField(max_length=32, db_index=True)
    birth_date = EncryptedTextField(subject="party__subject", purpose="identity", kind="birth_date", retention="account", null=True)
    provider = models.CharField(_("provider"), max_length=80)
    state = models.CharField(
        _("state"),
        max_length=10,
        default="submitted",
        choices=IDENTITY_CHECK.choices({"submitted": _("being checked"), "verified": _("verified"), "refused": _("refused"), "expired": _("replaced")}),
    )
    reason_code = models.CharField(_("reason"), max_length=40, blank=True)
    submitted_at = models.DateTimeField(_("submitted"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta:
        verbose_name = _("identity check")
        verbose_name_plural = _("identity checks")
        constraints: ClassVar = [
            reached(["verified", "refused", "expired"], "decided_at", name="accounts_identitycheck_decided"),
            models.UniqueConstraint(fields=["party"], condition=Q(state="verified"), name="accounts_identitycheck_one_verified"),
            models.UniqueConstraint(fields=["party"], condition=Q(state="submitted"), name="accounts_identitycheck_one_open"),
            models.UniqueConstraint(fields=["number_index"], condition=Q(state="verified"), name="accounts_identitycheck_document_once"),
        ]
        triggers: ClassVar = [IDENTITY_CHECK.trigger()]

    def __str__(self) -> str:
        return self.reference


class Act(models.Model):
    """Who did what: one row for each act of a member of staff or a signing user. Append-only; the reason is sealed where it was given."""

    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="acts", verbose_name=_("who"))
    action = models.CharField(_("what"), max_length=60)
    target = models.CharField(_("to what"), max_length=40, db_index=True)
    at = models.DateTimeField(_("when"))
    request_id = models.CharField(_("request"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("act")
        verbose_name_plural = _("acts")
        triggers: ClassVar = [append_only("act_append_only"), not_emptied("act_not_emptied")]

    def __str__(self) -> str:
        return f"{self.action} {self.target}"


class AccessToken(Referenced, SealedRow):
    """A key with which a program acts for a user over the API. Only its digest is kept: nobody reads a token out of the database."""

    REFERENCE_PREFIX = "TK"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="access_tokens")
    name = EncryptedTextField(subject="user__subject", purpose="account", kind="sign_in", retention="account")
    digest = models.BinaryField(max_length=32, unique=True)
    ending = models.CharField(max_length=4)
    may_write = models.BooleanField(default=False)
    made_with = models.CharField(max_length=64)  # of the form that made it: sending it twice makes one
    created_at = models.DateTimeField(_("since"))
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("access token")
        verbose_name_plural = _("access tokens")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "made_with"], name="accounts_accesstoken_once_a_form"),
            models.CheckConstraint(name="accounts_accesstoken_ends_later", condition=Q(expires_at__gt=models.F("created_at"))),
        ]


class Session(UserSession):
    """The list of sessions of the sign-in library, with the address cut to its network before the database keeps it."""

    class Meta:
        proxy = True
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="keep_address_prefix",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="NEW.ip := host(network(set_masklen(NEW.ip, CASE family(NEW.ip) WHEN 4 THEN 24 ELSE 48 END)))::inet; RETURN NEW;",
            )
        ]


def live(now: datetime, prefix: str = "") -> Q:
    """Memberships in force at `now`; `prefix` walks to them from another model."""
    return Q(**{f"{prefix}ended_at": None}) | Q(**{f"{prefix}ended_at__gt": now})


__all__ = ["IDENTITY_CHECK", "INVITATION", "AccessToken", "Act", "IdentityCheck", "Invitation", "Membership", "Party", "Role", "Session", "User", "live"]
