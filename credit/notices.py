"""What we tell our own staff about models: something rang. To whoever owns models or signs for them."""

from __future__ import annotations

from django.contrib.auth.models import Permission
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.models import Party, User
from core.outbox import JobContext, handles
from credit.models import ModelAlarm
from credit.models.watch import INPUTS, KINDS
from notifications import message
from notifications.catalogue import Context, Template, register

CONCERNED = ("propose_model", "sign_model")
WORDS = {code.replace(" ", "_"): words for code, words in (*INPUTS, *KINDS, ("outcome", _("Outcomes")))}


def _words(code: str, context: Context) -> StrOrPromise:
    return WORDS[code]


register(
    Template(
        code="model.rang",
        kind="account",
        title=_("The monitoring of a model rang"),
        text=_("%(about)s: %(what)s, after %(count)s in the period that ends on %(period_on)s. Look at it; where a recalibration would help, one is proposed."),
        action=_("See the alarm"),
        mail=_("The monitoring of a model rang. What it is stands in your messages."),
        words={"about": _words, "what": _words},
    ),
)


@handles("model.rang")
def on_rang(*, job: JobContext) -> None:
    rang = ModelAlarm.objects.get(pk=job.payload["alarm"])
    facts = {"about": rang.about, "what": rang.kind.replace(" ", "_"), "count": rang.after, "period_on": rang.on.isoformat()}
    link = reverse("admin:credit_modelalarm_change", args=[rang.pk])
    parties = Party.objects.filter(subject__in=concerned().values("subject")).values_list("pk", flat=True)
    message.say_alike(template="model.rang", key=job.key, parties=parties, context=facts, link=link, now=job.now)


def concerned() -> QuerySet[User]:
    """Staff who own models or sign for them."""
    asked = Permission.objects.filter(content_type__app_label="credit", codename__in=CONCERNED)
    return User.objects.filter(Q(groups__permissions__in=asked) | Q(user_permissions__in=asked), is_staff=True, is_active=True).distinct()
