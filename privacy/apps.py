from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    name = "privacy"
    verbose_name = _("Privacy")

    def ready(self) -> None:
        from . import checks, personal_data, vault  # noqa: F401  (importing registers)

        try:
            from core.storage import set_keyring
        except ImportError:
            return
        set_keyring(vault.Keyring())
