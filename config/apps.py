from django.apps import AppConfig
from django.contrib import admin
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _

OURS = ("core", "ledger", "privacy", "accounts", "notifications", "payments", "credit", "loans", "marketplace")


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = _("Xinqiao")

    def ready(self) -> None:
        """Shared tasks ring the platform's own Celery app from here on, in every process that sets Django up; fields have their words."""
        from config import celery, words  # noqa: F401
        from config.sample import market  # noqa: F401 registers the jobs of the sample market

        words.name_fields(OURS)


class DeskConfig(admin_apps.AdminConfig):
    """Django's admin without the lists that other packages bring along: they show everybody's sign-in address, sessions and keys, with no purpose asked."""

    default = False

    def ready(self) -> None:
        super().ready()
        for model in [model for model in admin.site._registry if model._meta.app_label in ("account", "mfa", "usersessions")]:
            admin.site.unregister(model)
