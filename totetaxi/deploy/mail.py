"""Settings of the mail service, from the environment."""

from collections.abc import Mapping
from typing import Any

PREFIX = "ANYMAIL_"


def anymail_settings(environment: Mapping[str, str]) -> dict[str, Any]:
    """ANYMAIL: every variable with its prefix; of the webhook's secrets any one opens."""
    found = {
        name.removeprefix(PREFIX): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and value
    }
    secrets = found.get("WEBHOOK_SECRET", "").split(",")
    return {**found, "WEBHOOK_SECRET": [secret.strip() for secret in secrets if secret.strip()]}
