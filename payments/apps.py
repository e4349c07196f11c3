from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    name = "payments"
    verbose_name = _("Payments")

    def ready(self) -> None:
        """Registers the job handlers and the checks of the books that only payments can make."""
        from ledger import checks
        from payments import bank_account, deposit, notices, payout, personal_data, reconciliation  # noqa: F401

        checks.register("payments", reconciliation.standing_money)
