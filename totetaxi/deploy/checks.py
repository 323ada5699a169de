"""What production refuses to start with (R685)."""

from collections.abc import Mapping
from typing import Any

SECRET_KEY_CHARACTERS = 50
STAND_IN_SECRETS = {"whsec_sandbox", "5a" * 32}


def production_problems(settings: Mapping[str, Any]) -> list[str]:
    """Every reason why ``settings`` (name to value) must not serve customers, as sentences."""
    refusals = {
        "DEBUG is on.": settings["DEBUG"],
        "SECRET_KEY is missing.": not settings["SECRET_KEY"],
        "SECRET_KEY is the one of development.": (
            settings["SECRET_KEY"] == settings["DEVELOPMENT_SECRET_KEY"]
        ),
        f"SECRET_KEY has fewer than {SECRET_KEY_CHARACTERS} characters.": (
            0 < len(settings["SECRET_KEY"]) < SECRET_KEY_CHARACTERS
        ),
        "SECRET_KEY_FALLBACKS holds a short key, or the one of development.": any(
            len(key) < SECRET_KEY_CHARACTERS or key == settings["DEVELOPMENT_SECRET_KEY"]
            for key in settings["SECRET_KEY_FALLBACKS"]
        ),
        "ALLOWED_HOSTS is empty.": not settings["ALLOWED_HOSTS"],
        "ALLOWED_HOSTS allows every host.": "*" in settings["ALLOWED_HOSTS"],
        "SITE_URL is not an https:// address.": not settings["SITE_URL"].startswith("https://"),
        "Neither DATABASE_URL nor DB_NAME and DB_HOST name a database.": (
            not settings["DATABASES"]["default"].get("NAME")
        ),
        "STRIPE_SECRET_KEY is missing.": not settings["STRIPE_SECRET_KEY"],
        "STRIPE_WEBHOOK_SECRETS is missing.": not any(settings["STRIPE_WEBHOOK_SECRETS"]),
        "STRIPE_WEBHOOK_SECRETS holds the one of the stand-in, which anybody can read.": (
            STAND_IN_SECRETS & {*settings["STRIPE_WEBHOOK_SECRETS"]}
        ),
        "STRIPE_API_BASE is set: that is for the stand-in.": settings["STRIPE_API_BASE"],
        "ONFLEET_API_KEY is set without ONFLEET_WEBHOOK_SECRETS.": (
            settings["ONFLEET_API_KEY"] and not settings["ONFLEET_WEBHOOK_SECRETS"]
        ),
        "ONFLEET_WEBHOOK_SECRETS is not hexadecimal.": (
            not all(map(_is_hexadecimal, settings["ONFLEET_WEBHOOK_SECRETS"]))
        ),
        "ONFLEET_WEBHOOK_SECRETS holds the one of the stand-in, which anybody can read.": (
            STAND_IN_SECRETS & {secret.lower() for secret in settings["ONFLEET_WEBHOOK_SECRETS"]}
        ),
        "ONFLEET_API_BASE is set: that is for the stand-in.": (
            settings["ONFLEET_API_BASE"] != "https://onfleet.com"
        ),
        "DEFAULT_FROM_EMAIL is missing.": not settings["DEFAULT_FROM_EMAIL"],
        "STAFF_ALERT_EMAILS is empty: nobody would be told of an alarm.": (
            not any(settings["STAFF_ALERT_EMAILS"])
        ),
        "EMAIL_BACKEND keeps mail in this process or in the development mailbox.": (
            settings["EMAIL_BACKEND"].startswith(("totetaxi.dev.", "django.core.mail.backends."))
            and settings["EMAIL_BACKEND"] != "django.core.mail.backends.smtp.EmailBackend"
        ),
        "ANYMAIL_WEBHOOK_SECRET is missing: nobody would hear of mails that came back.": (
            _is_anymail(settings) and not settings["ANYMAIL"]["WEBHOOK_SECRET"]
        ),
        "ANYMAIL_WEBHOOK_SECRET is not user:password.": (
            not all(map(_is_user_and_password, settings["ANYMAIL"]["WEBHOOK_SECRET"]))
        ),
        "ANYMAIL_DEBUG_API_REQUESTS is set: it prints every mail.": (
            settings["ANYMAIL"].get("DEBUG_API_REQUESTS")
        ),
        "STAFF_TOTP_REQUIRED is off: that is for development.": (
            not settings["STAFF_TOTP_REQUIRED"]
        ),
        "CLOCK_START is set: production keeps real time.": settings["CLOCK_START"],
    }
    return [sentence for sentence, refused in refusals.items() if refused]


def _is_anymail(settings: Mapping[str, Any]) -> bool:
    """Whether mail goes through a service that reports what becomes of it."""
    return str(settings["EMAIL_BACKEND"]).startswith("anymail.")


def _is_user_and_password(secret: str) -> bool:
    """Whether ``secret`` is what HTTP basic authentication sends."""
    user, colon, password = secret.partition(":")
    return bool(user and colon and password)


def _is_hexadecimal(text: str) -> bool:
    """Whether ``text`` is bytes written in hexadecimal digits, at least one."""
    try:
        return bool(bytes.fromhex(text))
    except ValueError:
        return False
