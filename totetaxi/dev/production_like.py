"""Runs a command of manage.py with settings as production has them, and no secret in them.

``python -m totetaxi.dev.production_like check --deploy`` runs ``manage.py check --deploy``.
"""

import os
import secrets
import subprocess
import sys

from totetaxi.dev.stamps import PROJECT

ASYNC_UNSAFE = "DJANGO_ALLOW_ASYNC_UNSAFE"


def environment() -> dict[str, str]:
    """Our own environment, with all that production asks for."""
    # Browser tests set this one, and production must not have it.
    ours = {name: value for name, value in os.environ.items() if name != ASYNC_UNSAFE}
    return {
        **ours,
        "DJANGO_SETTINGS_MODULE": "totetaxi.settings",
        "ENVIRONMENT": "production",
        "ENV_FILE": "",
        "DEBUG": "",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "totetaxi.example",
        "SITE_URL": "https://totetaxi.example",
        "DATABASE_URL": "postgresql://totetaxi@database.example/totetaxi",
        "STRIPE_SECRET_KEY": "sk_live_none",
        "STRIPE_WEBHOOK_SECRETS": "whsec_none",
        "STRIPE_API_BASE": "",
        "ONFLEET_API_BASE": "",
        "DEFAULT_FROM_EMAIL": "ToteTaxi <bookings@totetaxi.example>",
        "STAFF_ALERT_EMAILS": "alerts@totetaxi.example",
        "EMAIL_BACKEND": "anymail.backends.amazon_ses.EmailBackend",
        "ANYMAIL_WEBHOOK_SECRET": "mail:none",
        "CLOCK_START": "",
    }


def main() -> None:
    """Run the command and end as it ends."""
    command = [sys.executable, str(PROJECT / "manage.py"), *sys.argv[1:]]
    sys.exit(subprocess.run(command, env=environment(), check=False).returncode)


if __name__ == "__main__":
    main()
