"""The product's own settings, on a run folder of the tests' own. The differences to what people run are all on this page."""

import os
from pathlib import Path

os.environ.setdefault("XINQIAO_HOME", str(Path(__file__).resolve().parent.parent / ".run" / "test"))
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright keeps an event loop in the thread of the test; we use it from that thread only

from config.settings import *  # noqa: F403
from config.settings import PASSWORD_HASHERS as PRODUCT_HASHERS

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PRODUCT_HASHERS]  # signing in is not what most tests wait for
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
WHITENOISE_AUTOREFRESH = True
KEY_ROOT_DURABLE = False  # a test's people need not survive a power cut
