"""Users, the parties they act for, identity checks, and who did what."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models import Referenced
from core.states import Transitions, reached, track_state
from privacy.fields import EncryptedTextField
from privacy.models import DataSubject, SealedRow


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A user with a data subject of their own. Everyone whose data we hold has one."""
        from privacy import subjects

        fields.setdefault("subject", subjects.create("person", now=timezone.now()))
        user = self.model(email=self.normalize_email(email).lower(), **fields)
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
    language = models.CharField(_("language"), max_length=10, choices=[("zh-hans", "简体中文"), ("en", "English")], default="zh-hans")
    time_zone = models.CharField(_("time zone"), max_length=40, default="Asia/Shanghai")
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("staff"), default=False)
    joined_at = models.DateTimeField(_("joined"), auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    @property
    def pseudonym(self) -> str:
        return self.subject.pseudonym


class Party(Referenced, SealedRow):
    """A person or a business: the owner of wallets, applications, pledges and participations."""

    REFERENCE_PREFIX = "PT"

    class Kind(models.TextChoices):
        PERSON = "person", _("person")
        BUSINESS = "business", _("business")

    kind = models.CharField(max_length=10, choices=Kind)
    subject = models.ForeignKey(DataSubject, on_delete=models.PROTECT, related_name="+")
    name = EncryptedTextField(subject="subject", purpose="account", kind="name", retention="account")
    jurisdiction = models.CharField(max_length=8, default="CN")
    funding_profile = models.CharField(max_length=20, default="SANDBOX")
    users: models.ManyToManyField[User, Membership] = models.ManyToManyField(User, through="Membership", related_name="parties")
    borrows = models.BooleanField(default=False)
    invests = models.BooleanField(default=False)
    verified_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("party")
        verbose_name_plural = _("parties")
        constraints: ClassVar = [models.CheckConstraint(name="accounts_party_kind", condition=Q(kind__in=["person", "business"]))]

    @property
    def ledger_owner(self) -> str:
        return f"party:{self.pk}"


class Membership(models.Model):
    """What a user may do for a party: view, prepare, or sign. Each role includes the one before."""

    class Role(models.TextChoices):
        VIEW = "view", _("view")
        PREPARE = "prepare", _("prepare")
        SIGN = "sign", _("sign")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "party"], condition=Q(ended_at=None), name="accounts_membership_one_live"),
            models.CheckConstraint(name="accounts_membership_role", condition=Q(role__in=["view", "prepare", "sign"])),
        ]


IDENTITY_CHECK = Transitions(initial="submitted", moves={"submitted": ("verified", "refused"), "verified": ("expired",), "refused": (), "expired": ()})


@track_state
class IdentityCheck(Referenced, SealedRow):
    """One check of one identity document by one provider."""

    REFERENCE_PREFIX = "ID"

    class Document(models.TextChoices):
        RESIDENT_ID = "resident_id", _("Resident identity card")
        PASSPORT = "passport", _("Passport")
        USCC = "uscc", _("Unified social credit code")

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="identity_checks")
    document = models.CharField(max_length=12, choices=Document)
    legal_name = EncryptedTextField(subject="party__subject", purpose="identity", kind="name", retention="account")
    number = EncryptedTextField(subject="party__subject", purpose="identity", kind="id_number", retention="account")
    number_index = models.BinaryField(max_length=32, db_index=True)
    provider = models.CharField(max_length=20)
    state = models.CharField(
        max_length=10,
        default="submitted",
        choices=[("submitted", _("submitted")), ("verified", _("verified")), ("refused", _("refused")), ("expired", _("expired"))],
    )
    reason_code = models.CharField(max_length=40, blank=True)
    submitted_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("identity check")
        verbose_name_plural = _("identity checks")
        constraints: ClassVar = [
            reached(["verified", "refused", "expired"], "decided_at", name="accounts_identitycheck_decided"),
            models.UniqueConstraint(fields=["party"], condition=Q(state="verified"), name="accounts_identitycheck_one_verified"),
        ]
        triggers: ClassVar = [IDENTITY_CHECK.trigger()]


class Act(models.Model):
    """Who did what: one row for each act of a member of staff or a signing user. Append-only; the reason is sealed where it was given."""

    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="acts")
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=40, db_index=True)
    at = models.DateTimeField()
    request_id = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name = _("act")
        verbose_name_plural = _("acts")


def live(now: datetime, prefix: str = "") -> Q:
    """Memberships in force at `now`; `prefix` walks to them from another model."""
    return Q(**{f"{prefix}ended_at": None}) | Q(**{f"{prefix}ended_at__gt": now})


__all__ = ["IDENTITY_CHECK", "Act", "IdentityCheck", "Membership", "Party", "User", "live"]
