"""All settings, from the environment. .env.example explains each of them.

ENVIRONMENT decides what is allowed, never DEBUG: ``development``, ``test`` or ``production``.
"""

import os
from pathlib import Path

import django_stubs_ext
import environ
from django.core.exceptions import ImproperlyConfigured

from totetaxi.deploy.checks import production_problems
from totetaxi.deploy.database import database
from totetaxi.deploy.headers import YEAR, header_settings
from totetaxi.deploy.logs import log_config
from totetaxi.deploy.mail import anymail_settings
from totetaxi.deploy.rates import rates_from

# Lets ModelAdmin[Booking], ModelForm[Booking] and so on be written at run time.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parents[1]

env = environ.Env()
_env_file = BASE_DIR / os.environ.get("ENV_FILE", ".env")
# A developer's real keys stay out of tests.
if os.environ.get("ENVIRONMENT") != "test" and _env_file.is_file():
    environ.Env.read_env(_env_file)

ENVIRONMENT = env.str("ENVIRONMENT", "development")
if ENVIRONMENT not in {"development", "test", "production"}:
    raise ImproperlyConfigured("ENVIRONMENT is development, test or production.")
PRODUCTION = ENVIRONMENT == "production"
TEST = ENVIRONMENT == "test"

DEBUG = env.bool("DEBUG", False)
DEVELOPMENT_SECRET_KEY = "a-key-for-development-and-tests-that-production-refuses"  # noqa: S105
SECRET_KEY = env.str("SECRET_KEY", "" if PRODUCTION else DEVELOPMENT_SECRET_KEY)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

PORT = env.int("PORT", 8000)
SITE_URL = env.str("SITE_URL", f"http://localhost:{PORT}").rstrip("/")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"]
)
# How many proxies of ours append to X-Forwarded-For; 0: the connection's own address is the client.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)

# --- Apps

INSTALLED_APPS = [
    "whitenoise.runserver_nostatic",
    "staff.admin_config.OfficeAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "totetaxi.deploy.staticfiles.ServedStaticFiles",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "crispy_forms",
    "crispy_tailwind",
    "csp",
    "django_filters",
    "django_htmx",
    "django_q",
    "template_partials",
    "totetaxi.users",
    "totetaxi.outbox",
    "catalog",
    "booking",
    "payments",
    "logistics",
    "staff",
    "totetaxi.account",
    "totetaxi.pages",
    "totetaxi.operations",
    *([] if PRODUCTION else ["totetaxi.dev"]),
]

MIDDLEWARE = [
    "totetaxi.lib.request_id.RequestIdMiddleware",
    "totetaxi.pages.probes.ProbeHostMiddleware",
    "totetaxi.lib.request_id.RequestLogMiddleware",
    "totetaxi.deploy.headers.HeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "totetaxi.users.sessions.SlidingSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "totetaxi.lib.htmx.RedirectMiddleware",
    "totetaxi.lib.htmx.MessagesMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "totetaxi.urls"
WSGI_APPLICATION = "totetaxi.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": [
                "django.templatetags.static",
                "django_htmx.templatetags.django_htmx",
                "template_partials.templatetags.partials",
                "totetaxi.lib.template_tags",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "totetaxi.pages.context.site",
                "totetaxi.pages.context.announcement",
                "catalog.context.company",
                "staff.context.staff",
            ],
        },
    }
]
# Form widgets may be overridden by templates of ours.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "tailwind"
CRISPY_TEMPLATE_PACK = "tailwind"
CRISPY_FAIL_SILENTLY = False

# --- Database

EMBEDDED_POSTGRES = not PRODUCTION and not (env.str("DATABASE_URL", "") or env.str("DB_NAME", ""))


def _embedded_url() -> str:
    """The address of the embedded PostgreSQL; "" where another one is used."""
    if not EMBEDDED_POSTGRES:
        return ""
    from totetaxi.dev.postgres import Cluster

    return Cluster.for_environment(ENVIRONMENT).url


DATABASES = {"default": database(env, embedded=_embedded_url())}
# The folder of pg_dump and pg_restore, and that of backups.
PG_BIN = env.str("PG_BIN", "")
BACKUP_HOME = env.str("BACKUP_HOME", str(BASE_DIR / ".local" / "backups"))
# Whom the release step makes the first administrator, if there is none.
FIRST_ADMIN_EMAIL = env.str("FIRST_ADMIN_EMAIL", "")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Caches and the queue

REDIS_URL = env.str("REDIS_URL", "")
if REDIS_URL:
    _shared = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        # Nobody waits longer for a cache that hangs.
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
    _counters = {**_shared, "KEY_PREFIX": "counters"}
else:
    _shared = {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
    _counters = {"BACKEND": "totetaxi.lib.counters.PgCounterCache", "LOCATION": "rate_counter"}
_local = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
CACHES = {"default": _shared, "counters": _counters, "local": _local}
RATELIMIT_USE_CACHE = "counters"
RATELIMIT_FAIL_OPEN = True  # A counter that went away between two questions refuses nobody.

Q_CLUSTER = {
    "name": "totetaxi",
    "label": "Jobs",
    "orm": "default",
    "cache": "local",  # The cluster writes its status there twice a second.
    "workers": env.int("QUEUE_WORKERS", 2),
    "timeout": 60,
    "retry": 300,  # More than the timeout and the longest wait in the queue.
    "ack_failures": False,
    "max_attempts": 5,
    "queue_limit": 4,
    "bulk": 1,
    "poll": 1,
    "catch_up": False,
    "save_limit": 1000,
    "recycle": 200,
}

# --- People and sessions

AUTH_USER_MODEL = "users.User"
# allauth's own backend would hash a wrong password a second time, and finds nobody else.
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
_VALIDATORS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATORS}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATORS}.MinimumLengthValidator"},
    {"NAME": f"{_VALIDATORS}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATORS}.NumericPasswordValidator"},
]
_FORMS = "totetaxi.account.identity.forms"
ACCOUNT_ADAPTER = "totetaxi.account.identity.adapter.CustomerAdapter"
ACCOUNT_FORMS = {
    "login": f"{_FORMS}.SignInForm",
    "signup": f"{_FORMS}.SignUpForm",
    "reset_password": f"{_FORMS}.ResetForm",
    "user_token": f"{_FORMS}.ResetLinkForm",
    "reset_password_from_key": f"{_FORMS}.NewPasswordForm",
    "change_password": f"{_FORMS}.ChangePasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 2
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_RATE_LIMITS = False  # RATES are ours, in the shared counters.
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
PASSWORD_RESET_TIMEOUT = 24 * 60 * 60  # seconds

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "account:dashboard"

# --- The office

STAFF_LOGIN_URL = "staff:login"
# A second factor at sign-in: one-time codes of an authenticator app.
STAFF_TOTP_REQUIRED = env.bool("STAFF_TOTP_REQUIRED", ENVIRONMENT != "development")
STAFF_SESSION_HOURS = 12
STAFF_INVITATION_HOURS = 72
# Wrong passwords and codes: so many lock one account for one client, so many tell the admins.
STAFF_LOCK_TRIES = 5
STAFF_LOCK_MINUTES = 30
STAFF_ALERT_TRIES = 50
MFA_ADAPTER = "staff.second_factor.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "ToteTaxi"
MFA_TOTP_TOLERANCE = 1  # Clocks may differ by one code.

SESSION_COOKIE_AGE = 30 * 24 * 60 * 60  # Seconds from the last visit, see SlidingSessionMiddleware.
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "totetaxi.pages.errors.csrf_failure"

# --- Limits

RATES = rates_from(os.environ)
# Unpaid orders that hold a place at the same time, for one email and one client address.
HOLDS_PER_EMAIL = env.int("HOLDS_PER_EMAIL", 3)
HOLDS_PER_ADDRESS = env.int("HOLDS_PER_ADDRESS", 10)
# A public form that comes back faster than this (seconds) was not filled in by a person.
FORM_SECONDS = env.float("FORM_SECONDS", 2)

# --- Stripe

SANDBOX_STRIPE_PORT = env.int("SANDBOX_STRIPE_PORT", 8001)
STRIPE_SECRET_KEY = "" if TEST else env.str("STRIPE_SECRET_KEY", "")
STRIPE_WEBHOOK_SECRETS = env.list("STRIPE_WEBHOOK_SECRETS", default=[])
STRIPE_API_BASE = env.str("STRIPE_API_BASE", "")  # Empty: the real Stripe.
STRIPE_CHECKOUT_ORIGINS = ["https://checkout.stripe.com"]
STRIPE_SANDBOX = not PRODUCTION and not STRIPE_SECRET_KEY
if STRIPE_SANDBOX:
    STRIPE_SECRET_KEY = "sk_test_sandbox"  # noqa: S105 (of the stand-in)
    STRIPE_WEBHOOK_SECRETS = ["whsec_sandbox"]
    STRIPE_API_BASE = STRIPE_API_BASE or f"http://localhost:{SANDBOX_STRIPE_PORT}"
if STRIPE_API_BASE:
    STRIPE_CHECKOUT_ORIGINS = [*STRIPE_CHECKOUT_ORIGINS, STRIPE_API_BASE]
# Whether Stripe is asked about open payments when the database is new, then by the job's switch.
ORPHAN_AUTORECOVERY_ENABLED = env.bool("ORPHAN_AUTORECOVERY_ENABLED", True)
# How long a payment page is the customer's alone.
ORPHAN_RECOVERY_GRACE_MINUTES = env.int("ORPHAN_RECOVERY_GRACE_MINUTES", 3)
# Money that can buy nothing goes back by itself; off: staff decide.
AUTO_REFUND_UNFULFILLABLE = env.bool("AUTO_REFUND_UNFULFILLABLE", True)
# Refunds that the cancellation policy gives are sent without a person looking.
AUTO_APPROVE_POLICY_REFUNDS = env.bool("AUTO_APPROVE_POLICY_REFUNDS", False)

# --- Onfleet. Without a key production keeps dispatch off; development talks to a stand-in.

SANDBOX_ONFLEET_PORT = env.int("SANDBOX_ONFLEET_PORT", 8002)
ONFLEET_API_KEY = "" if TEST else env.str("ONFLEET_API_KEY", "")
ONFLEET_API_BASE = env.str("ONFLEET_API_BASE", "")  # Empty: the real Onfleet.
ONFLEET_WEBHOOK_SECRETS = env.list("ONFLEET_WEBHOOK_SECRETS", default=[])  # hexadecimal
# Where Onfleet keeps photos and signatures.
ONFLEET_PICTURE_URL = env.str(
    "ONFLEET_PICTURE_URL", "https://d15p8tr8p0vffz.cloudfront.net/{id}/800x.png"
)
ONFLEET_SANDBOX = ENVIRONMENT == "development" and not ONFLEET_API_KEY
if ONFLEET_SANDBOX:
    ONFLEET_API_KEY = "onfleet_sandbox"
    ONFLEET_WEBHOOK_SECRETS = ["5a" * 32]
    ONFLEET_API_BASE = ONFLEET_API_BASE or f"http://localhost:{SANDBOX_ONFLEET_PORT}"
    ONFLEET_PICTURE_URL = f"{ONFLEET_API_BASE}/attachments/{{id}}/800x.png"
ONFLEET_API_BASE = ONFLEET_API_BASE or "https://onfleet.com"
ONFLEET_ENVIRONMENT = env.str(
    "ONFLEET_ENVIRONMENT", "production" if PRODUCTION and ONFLEET_API_KEY else "sandbox"
)

# --- Mail

EMAIL_BACKEND = env.str(
    "EMAIL_BACKEND",
    "anymail.backends.amazon_ses.EmailBackend"
    if PRODUCTION
    else "totetaxi.dev.mailbox.EmailBackend",  # Shown at /sandbox/mail/.
)
EMAIL_TIMEOUT = 10  # seconds
# For the SMTP backend alone.
EMAIL_HOST = env.str("EMAIL_HOST", "localhost")
EMAIL_PORT = env.int("EMAIL_PORT", 587)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", True)
ANYMAIL = anymail_settings(os.environ)
DEFAULT_FROM_EMAIL = env.str(
    "DEFAULT_FROM_EMAIL", "" if PRODUCTION else "ToteTaxi <bookings@totetaxi.example>"
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
REPLY_TO_EMAIL = env.str("REPLY_TO_EMAIL", "info@totetaxi.com")
BOOKING_EMAIL_BCC = env.list("BOOKING_EMAIL_BCC", default=[])
STAFF_ALERT_EMAILS = env.list(
    "STAFF_ALERT_EMAILS",
    default=["alerts@totetaxi.example"] if ENVIRONMENT == "development" else [],
)
BOOKING_REMINDERS_ENABLED = env.bool("BOOKING_REMINDERS_ENABLED", True)
GOOGLE_REVIEW_PLACE_ID = env.str("GOOGLE_REVIEW_PLACE_ID", "")  # Empty: nobody is asked.
# Shown where the booking policy, which holds the truth, cannot be read.
BUSINESS_PHONE = env.str("BUSINESS_PHONE", "(631) 595-5100")
# As receipts name the company.
BUSINESS_NAME = env.str("BUSINESS_NAME", "ToteTaxi")

# --- Time and language

LANGUAGE_CODE = "en-us"
USE_I18N = False
TIME_ZONE = "America/New_York"
USE_TZ = True
# Outside production: business time starts here, at the epoch seconds of CLOCK_STARTED_AT.
CLOCK_START = env.str("CLOCK_START", "")
CLOCK_STARTED_AT = env.float("CLOCK_STARTED_AT", 0.0)

# --- Files

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / ".local" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
_HASHED_FILES = "whitenoise.storage.CompressedManifestStaticFilesStorage"
_PLAIN_FILES = "django.contrib.staticfiles.storage.StaticFilesStorage"
FILE_UPLOAD_HANDLERS = [
    "totetaxi.lib.uploads.LimitedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
# Documents and proofs of delivery: never served by address, only by views that ask who wants them.
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", str(BASE_DIR / ".local" / "media")))
AWS_STORAGE_BUCKET_NAME = env.str("AWS_STORAGE_BUCKET_NAME", "")
_bucket = {
    "BACKEND": "storages.backends.s3.S3Storage",
    "OPTIONS": {
        "bucket_name": AWS_STORAGE_BUCKET_NAME,
        "region_name": env.str("AWS_S3_REGION_NAME", "us-east-1"),
        "default_acl": "private",
        "file_overwrite": False,
    },
}
_folder = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
}
STORAGES = {
    "default": _bucket if AWS_STORAGE_BUCKET_NAME else _folder,
    "staticfiles": {"BACKEND": _PLAIN_FILES if TEST or DEBUG else _HASHED_FILES},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_USE_FINDERS = TEST or DEBUG
WHITENOISE_AUTOREFRESH = TEST or DEBUG  # Looks when asked, instead of reading all files first.

# --- Headers and cookies: their names and values stand there

globals().update(
    header_settings(
        production=PRODUCTION,
        checkout_origins=STRIPE_CHECKOUT_ORIGINS,
        https=env.bool("SECURE_SSL_REDIRECT", True),
        hsts_seconds=env.int("SECURE_HSTS_SECONDS", YEAR),
    )
)
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Checks and logs

# /health/ready/: what is silent for so many seconds is an alarm, and it ends when all was well for
# so many; who has the token (in development anybody) is told the reasons.
HEALTH_TOKEN = env.str("HEALTH_TOKEN", "")
HEALTH_SILENCE_SECONDS = env.int("HEALTH_SILENCE_SECONDS", 180)
HEALTH_QUEUE_SECONDS = env.int("HEALTH_QUEUE_SECONDS", 15 * 60)
HEALTH_WELL_SECONDS = env.int("HEALTH_WELL_SECONDS", 120)
SILENCED_SYSTEM_CHECKS = [
    "auth.E003",  # User.email is unique in any case by a constraint this check does not know.
    # Cut-off times are fixed defaults on purpose; within ten seconds of one the check complains.
    "fields.W161",
]
LOGGING = log_config(ENVIRONMENT, env.str("LOG_LEVEL", "INFO"))
if SENTRY_DSN := "" if TEST else env.str("SENTRY_DSN", ""):
    from totetaxi.deploy.errors import start_reporting

    start_reporting(
        SENTRY_DSN,
        environment=env.str("SENTRY_ENVIRONMENT", ENVIRONMENT),
        release=env.str("SENTRY_RELEASE", ""),
        traces=env.float("SENTRY_TRACES_SAMPLE_RATE", 0.1 if PRODUCTION else 0.0),
    )

if PRODUCTION and (problems := production_problems(globals())):
    raise ImproperlyConfigured("\n  - ".join(["Production refuses to start:", *problems]))
