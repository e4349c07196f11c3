"""Which address is which page. Each app keeps its own list; this file only hangs them up."""

from django.contrib import admin
from django.urls import include, path

from config import health

urlpatterns = [
    path("", include("config.urls_pages")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("api/", include("config.api")),
    path("accounts/", include("allauth.urls")),
    path("privacy/", include("privacy.urls")),
    path("circle/", include("privacy.circle_urls")),
    path("account/", include("accounts.urls")),
    path("messages/", include("notifications.urls")),
    path("wallet/", include("payments.urls")),
    path("", include("credit.urls")),
    path("", include("loans.urls")),
    path("", include("marketplace.urls")),
]
handler400 = "config.errors.bad_request"
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
