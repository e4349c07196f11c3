from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LoansConfig(AppConfig):
    name = "loans"
    verbose_name = _("Loans")

    def ready(self) -> None:
        from payments import wallet

        wallet.describe_kinds(
            {
                "repayment:in": _("Repayment from a loan you fund"),
                "repayment:out": _("Repayment of your loan"),
                "correction:in": _("Earlier repayments corrected in your favor"),
                "correction:out": _("Earlier repayments taken back"),
                "clawback": _("Given back to the platform, which advanced it"),
                "returned:in": _("Money of your loan that came back to you"),
                "servicing_fee": _("Servicing fee"),
                "unwind": _("Given back: the loan was not paid out"),
                "recovery_costs:out": _("Costs of a recovery"),
                "recovery_costs:in": _("Costs of a recovery, given back"),
            }
        )
        from loans import permissions

        permissions.list_by_grant_alone()
        from loans import disbursement, notices, personal_data, population, sources  # noqa: F401 registers the handlers of jobs that end here
        from loans.collections import case, promise, two  # noqa: F401
        from loans.day import run  # noqa: F401
        from loans.hardship import plan, request, vote  # noqa: F401
