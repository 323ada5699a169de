"""What readiness shows of Stripe. Whether silence is wrong is judged by ``services.alerts``."""

from datetime import datetime

from payments.models import StripeEvent
from totetaxi.outbox.health import health_check


@health_check("stripe_webhook")
def last_event() -> tuple[datetime | None, str]:
    """When the last webhook of Stripe's came."""
    return StripeEvent.objects.values_list("received_at", flat=True).first(), ""
