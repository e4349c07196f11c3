from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MarketplaceConfig(AppConfig):
    name = "marketplace"
    verbose_name = _("Marketplace")

    def ready(self) -> None:
        from payments import wallet

        wallet.describe_kinds({"pledge": _("Pledge to a loan"), "share_sale": _("Share of a loan bought or sold")})
        from marketplace import listing, notices, personal_data, sale, search_index  # noqa: F401 registers the handlers of jobs that end here
        from marketplace.suitability import pack  # noqa: F401 registers its check
