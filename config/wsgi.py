"""The web process's entry point."""

import os

from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from core import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
if broken := [str(found.msg) for found in checks.run_checks(tags=[checks.Tags.security]) if found.is_serious()]:
    raise ImproperlyConfigured(" ".join(broken))  # keys that do not parse are found now, not at the first page that needs them
if not embedded.secrets_kept():
    raise ImproperlyConfigured(f"The run folder {embedded.home()} cannot be written, so this installation's keys cannot be kept; set them or the folder.")
