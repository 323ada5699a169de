"""Settings of the mail service, from the environment."""

from collections.abc import Mapping
from typing import Any

PREFIX = "ANYMAIL_"
# Amazon's library asks five times and waits a minute each. The queue ends a task after a minute,
# and who claimed an alarm has two (alarms.LEASE); what failed is asked again by ourselves.
AMAZON_SES = {
    "config": {"connect_timeout": 10, "read_timeout": 10, "retries": {"total_max_attempts": 1}}
}


def anymail_settings(environment: Mapping[str, str]) -> dict[str, Any]:
    """ANYMAIL: every variable with its prefix; of the webhook's secrets any one opens."""
    found: dict[str, Any] = {
        name.removeprefix(PREFIX): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and value
    }
    secrets = found.get("WEBHOOK_SECRET", "").split(",")
    found = {"AMAZON_SES_CLIENT_PARAMS": AMAZON_SES, **found}
    return {**found, "WEBHOOK_SECRET": [secret.strip() for secret in secrets if secret.strip()]}
