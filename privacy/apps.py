from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    name = "privacy"
    verbose_name = _("Privacy")

    def ready(self) -> None:
        from core.storage import set_keyring

        from . import checks, number_checks, personal_data, vault  # noqa: F401  (importing registers)

        set_keyring(vault.Keyring())
