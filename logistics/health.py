"""What readiness shows of Onfleet. Whether silence is wrong is judged by ``services.sync``."""

from datetime import datetime

from logistics.models import OnfleetEvent
from logistics.services import dispatch_is_on
from totetaxi.outbox.health import health_check


@health_check("onfleet_webhook")
def last_event() -> tuple[datetime | None, str]:
    """When the last webhook of Onfleet's came."""
    last = OnfleetEvent.objects.values_list("received_at", flat=True).first()
    return last, "" if last or dispatch_is_on() else "Dispatch is off."
