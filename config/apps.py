from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = _("Xinqiao")

    def ready(self) -> None:
        """Shared tasks ring the platform's own Celery app from here on, in every process that sets Django up."""
        from config import celery  # noqa: F401
        from config.sample import market  # noqa: F401 registers the jobs of the sample market
