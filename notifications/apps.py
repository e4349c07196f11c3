from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("Notifications")

    def ready(self) -> None:
        from notifications import notices, personal_data  # noqa: F401 registers the handlers, the templates, and what we hold
        from notifications.channels import email  # noqa: F401 registers the mail job
