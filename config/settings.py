"""Every setting, read from the environment. With nothing set: development on embedded services.

Product settings need SECRET_KEY, VAULT_KEYS, SIGNING_KEY, ALLOWED_HOSTS, DATABASE_URL and REDIS_URL (docs/operating.md).
"""

from pathlib import Path
from urllib.parse import unquote

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import logs
from core import embedded

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DEBUG = env.bool("DEBUG", default=True)
TECHNICAL_ERRORS = env.bool("TECHNICAL_ERRORS", default=False)  # with DEBUG: Django's pages with tracebacks in place of ours
SINGLE_NODE = env.bool("SINGLE_NODE", default=False)
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
EMBEDDED_POSTGRES = not env.str("DATABASE_URL", default="")
EMBEDDED_VALKEY = not env.str("REDIS_URL", default="")
if not DEBUG and (EMBEDDED_POSTGRES or EMBEDDED_VALKEY) and not SINGLE_NODE:
    raise ImproperlyConfigured("DEBUG=0 needs DATABASE_URL and REDIS_URL; SINGLE_NODE=1 allows the embedded services on one machine of your own.")


def _secret(name: str) -> str:
    """The secret from the environment; in development, one made once and kept in the run folder outside the database."""
    value = env.str(name, default="")
    if value:
        return value
    if not DEBUG:
        raise ImproperlyConfigured(f"{name} must be set when DEBUG=0 (docs/operating.md says how to make one).")
    return embedded.secret(name)


SECRET_KEY = _secret("SECRET_KEY")
VAULT_KEYS = _secret("VAULT_KEYS")  # "id:base64[,id:base64…]", first one wraps new data keys
BLIND_INDEX_KEY = _secret("BLIND_INDEX_KEY")
NUMBER_INDEX_KEY = _secret("NUMBER_INDEX_KEY")  # finds the telephone numbers of contacts; a key of its own because numbers can be tried through
SIGNING_KEY = _secret("SIGNING_KEY")  # Ed25519 seed, base64: seals agreements and receipts

# The sample market is for looking around: never beside real people's data unless somebody asks for it.
SAMPLE_MARKET = env.bool("SAMPLE_MARKET", default=DEBUG)

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "testserver"] if DEBUG else [])
if not DEBUG and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must be set when DEBUG=0: the names this site is reached by, separated by commas.")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000")

INSTALLED_APPS = [
    "config",
    "core",
    "ledger",
    "privacy",
    "accounts",
    "notifications",
    "payments",
    "credit",
    "loans",
    "marketplace",
    "config.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",
    "pgtrigger",
    "pghistory",
    "guardian",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "django_filters",
    "django_htmx",
    "csp",
]

MIDDLEWARE = [
    "config.middleware.RequestReference",
    "config.middleware.HeadersAlone",
    "config.middleware.ReadToTheEnd",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.PrivatePages",
    "config.language.AccountLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "accounts.middleware.BackToTheForm",
    "accounts.middleware.TimeZoneMiddleware",
    "accounts.middleware.StaffSecondFactorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.middleware.NotThisWay",
    "core.refusals.RefusalMiddleware",
    "config.middleware.OwnErrorPages",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "config.context.every_page",
            ],
        },
    }
]
FORM_RENDERER = "config.forms.FormRenderer"
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"

DATABASES = {
    "default": embedded.database_settings() if EMBEDDED_POSTGRES else env.db_url("DATABASE_URL"),
}
if not DATABASES["default"].get("ENGINE", "").endswith("postgresql"):
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database, such as postgres://user:password@host/name.")
DATABASES["default"]["HOST"] = unquote(DATABASES["default"]["HOST"])  # a socket's folder may be written %2Fvar%2Frun%2Fpostgresql
DATABASES["default"] |= {"ATOMIC_REQUESTS": False, "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=60), "CONN_HEALTH_CHECKS": True}
DATABASES["default"]["OPTIONS"] = {"connect_timeout": 5, "application_name": "xinqiao"} | DATABASES["default"].get("OPTIONS", {})
PREPARED_STATEMENTS = env.bool("PREPARED_STATEMENTS", default=True)  # core/prepared.py; 0 behind a pooler that does not know them
MATCHING_MINUTES = env.int("MATCHING_MINUTES", default=30)  # a run of the market every so often, counted from the platform's midnight
# The sandbox bank keeps its own books on its own connection: what it did stays done when our transaction rolls back.
DATABASES["sandbox_bank"] = DATABASES["default"] | {"TEST": {"MIRROR": "default"}}
DATABASE_ROUTERS = ["payments.rails.router.SandboxBankRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = embedded.redis_url() if EMBEDDED_VALKEY else env.str("REDIS_URL")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "core_cache"}}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "loans.permissions.LiveGrantBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ["email"]}},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Sign-in (django-allauth): by e-mail address or passkey; nothing on any page tells whether an address is known.
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_DISPLAY = "accounts.adapter.display"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {"signup": "accounts.forms.SignupForm"}
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "signup": "20/m/ip", "reauthenticate": "10/m/user"}
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=int(BEHIND_PROXY))  # whose X-Forwarded-For entries are believed
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_TOTP_TOLERANCE = 0  # a code is good for one period and once
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
# Staff reach no page without a second factor. Development alone may switch it off, and says so.
STAFF_MFA_REQUIRED = env.bool("STAFF_MFA_REQUIRED", default=True)
if not (STAFF_MFA_REQUIRED or DEBUG):
    raise ImproperlyConfigured("STAFF_MFA_REQUIRED=0 is for development only.")

# django-guardian: object permissions live on direct-foreign-key grants only (loans/file.py).
ANONYMOUS_USER_NAME = None
GUARDIAN_RAISE_403 = False
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]  # loans.permissions.LiveGrantBackend takes the place of guardian's own

# The API (config/api.py). Paces are (a minute, at once); a token's own are below its user's, so that one program does not use up all.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.authentication.TokenAuthentication", "accounts.api.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsing.JSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "core.api.parsing.AlwaysJSON",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "core.api.problems.handle",
}
API_PACES = {
    "read": (600, 300),
    "write": (240, 120),
    "money": (120, 120),
    "token_read": (300, 150),
    "token_write": (120, 80),
    "token_money": (60, 60),
    "stranger": (120, 60),
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Xinqiao 信桥",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SORT_OPERATIONS": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    # The same choices under two field names: one of a project, several of a mandate.
    "ENUM_NAME_OVERRIDES": {
        "GradeEnum": "marketplace.mandate_forms.GRADES",
        "MethodEnum": "marketplace.mandate_forms.METHOD_CODES",
        "PurposeEnum": "marketplace.mandate_forms.PURPOSE_CODES",
        "IndustryEnum": "marketplace.mandate_forms.INDUSTRY_CODES",
        "TermMonthsEnum": "marketplace.mandate_forms.TERM_CODES",
    },
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "core.api.schema.refuse_unknown"],
    "PATH_CONVERTER_OVERRIDES": {"reference": {"type": "string", "pattern": "^[A-Z]{2}-[0-9A-Z]{8}$"}},
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.str("PLATFORM_TIME_ZONE", default="Asia/Shanghai")
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["config.formats"]

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "collected"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Gunicorn serves the files in both modes: from their sources in development, from `collectstatic`'s folder in production.
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "core.storage.EncryptedStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if DEBUG else "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(embedded.home() / "media"))
# The half of each person's key that no backup of the database may hold (privacy/keystore.py). Where several machines serve, they share this folder.
KEY_ROOT = env.path("KEY_ROOT", default=str(embedded.home() / "keys"))
KEY_ROOT_DURABLE = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DOCUMENT_MAX_BYTES = 10 * 1024 * 1024

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 14 * 24 * 3600
if not DEBUG:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$"]  # machines beside this one ask, and tell nothing
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

EMAIL_BACKEND = env.str("EMAIL_BACKEND", default="django.core.mail.backends.filebased.EmailBackend" if DEBUG else "django.core.mail.backends.smtp.EmailBackend")
EMAIL_FILE_PATH = str(embedded.home() / "mail")
EMAIL_HOST = env.str("EMAIL_HOST", default="localhost")
EMAIL_PORT = env.int("EMAIL_PORT", default=25)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=False)
EMAIL_TIMEOUT = 10  # seconds; a mail is a job, and a job has its time limit
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Xinqiao <no-reply@xinqiao.example>")

CELERY_BROKER_URL = embedded.broker_url(REDIS_URL)  # everything else about Celery is in config/celery.py
CELERY_TIMEZONE = TIME_ZONE

LOGGING = logs.LOGGING

SIGNED_PACKS_SANDBOX = env.bool("SANDBOX", default=DEBUG)  # a real market never falls open into simulated banks and readable text messages
CONTACT_RULES = env.str("CONTACT_RULES", default="")  # a file that tightens the house rule and names who signed off which pack
TEXT_GATEWAY = env.str("TEXT_GATEWAY", default="")  # dotted path of a function (number, body, key); the sandbox needs none
CREDIT_SOURCES = {  # dotted path of the provider of each source
    "bureau": env.str("CREDIT_BUREAU", default="credit.sources.sandbox.Bureau"),
    "bank": env.str("CREDIT_BANK", default="credit.sources.sandbox.Bank"),
}
PROCESSORS = {  # the contract, in the register of processors, under which each service outside the house is given anything
    "bureau": env.str("CREDIT_BUREAU_CONTRACT", default=""),
    "bank": env.str("CREDIT_BANK_CONTRACT", default=""),
    "identity": env.str("IDENTITY_CONTRACT", default=""),
    "texts": env.str("TEXT_CONTRACT", default=""),
}
OVERRIDE_TWO_PEOPLE_FROM = env.int("OVERRIDE_TWO_PEOPLE_FROM", default=10_000_000)  # minor units: a yes the scorecard did not give then needs two people
SUITABILITY_PACK = env.str("SUITABILITY_PACK", default="SANDBOX" if SIGNED_PACKS_SANDBOX else "")  # what is asked of investors: SANDBOX, ECSPR, UK, CN
if not DEBUG and not SIGNED_PACKS_SANDBOX and SUITABILITY_PACK in ("", "SANDBOX"):
    raise ImproperlyConfigured("SUITABILITY_PACK must be set when DEBUG=0: ECSPR, UK or CN (SANDBOX asks investors nothing, and needs SANDBOX=1).")
IDENTITY_PROVIDER = env.str("IDENTITY_PROVIDER", default="sandbox")
SUPPORT_EMAIL = env.str("SUPPORT_EMAIL", default="help@xinqiao.example")
OPERATOR_NAME = env.str("OPERATOR_NAME", default="Xinqiao Sandbox")
PRIVACY_CONTACT = env.str("PRIVACY_CONTACT", default="privacy@xinqiao.example")  # stands in every notice; changing it publishes new versions
DEFAULT_CURRENCY = env.str("CURRENCY", default="CNY")
