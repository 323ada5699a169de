"""What follows a booking's changes and Onfleet's news: work of the outbox, at least once."""

from uuid import UUID

from booking.models import BookingEvent
from logistics import emails, services
from logistics.models import AlertKind, LogisticsAlert
from totetaxi.lib import clock
from totetaxi.lib.errors import PermanentError
from totetaxi.outbox.registry import handles


@handles("booking_paid", "booking_confirmed")
def dispatch_booking(subject_id: str) -> None:
    _send(UUID(subject_id))


@handles("booking_restored")
def dispatch_again(subject_id: str) -> None:
    """The tasks were recalled when the booking was hidden; staff brought it back."""
    _send(UUID(subject_id), again=True)


@handles("booking_changed")
def update_tasks(subject_id: str) -> None:
    """The subject is the row of the history that says what was and what is."""
    changed = BookingEvent.objects.get(pk=subject_id)
    services.follow(changed.booking_id)


@handles("booking_cancelled", "booking_hidden")
def recall_tasks(subject_id: str) -> None:
    services.follow(UUID(subject_id))


def _send(booking_id: UUID, *, again: bool = False) -> None:
    """Dispatch; what Onfleet refuses, people have to put right."""
    try:
        services.dispatch(booking_id, again=again)
    except PermanentError as error:
        services.raise_alert(AlertKind.DISPATCH_FAILED, booking_id, str(error))
        raise


@handles("onfleet_event")
def process_onfleet_event(subject_id: str) -> None:
    services.process_event(UUID(subject_id))


@handles("delivery_proofs")
def fetch_proofs(subject_id: str) -> None:
    services.fetch_proofs(UUID(subject_id))


@handles("logistics_alert")
def tell_staff(subject_id: str) -> None:
    """Mail the alert, unless somebody dealt with it before its turn came."""
    alert = LogisticsAlert.objects.untold().select_related("booking").filter(pk=subject_id).first()
    if alert is not None:
        emails.send_logistics_alert(alert)
        LogisticsAlert.objects.filter(pk=alert.pk).update(told_at=clock.real_now())
