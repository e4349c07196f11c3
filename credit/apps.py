from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CreditConfig(AppConfig):
    name = "credit"
    verbose_name = _("Credit")

    def ready(self) -> None:
        from credit import inquiry, notices, personal_data  # noqa: F401 job handlers; registers what we hold
        from credit.models import Decision, ShadowScore
        from privacy import seals

        seals.register("credit_decision", Decision, moment="decided_at")
        seals.register("credit_shadow", ShadowScore)
