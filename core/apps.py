from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def keep_calendar(using: str, **kwargs: Any) -> None:
    """After each migrate (and each flush in tests) the years around today are there; staff's own entries stay."""
    from core import business_day

    if using == "default":
        business_day.ensure_years(as_of=timezone.localdate())


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = _("Core")

    def ready(self) -> None:
        from core import business_day

        post_migrate.connect(keep_calendar, sender=self, dispatch_uid="core.keep_calendar")
        assert business_day.check_calendar  # registers the check
