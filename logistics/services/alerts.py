"""Troubles that people must deal with: opened once, mailed once, closed by whoever did."""

from uuid import UUID

from django.db import transaction
from django.db.models import Q

from booking.models import Booking
from logistics.models import AlertKind, LogisticsAlert
from totetaxi.lib import clock
from totetaxi.outbox.services import announce


@transaction.atomic
def raise_alert(kind: AlertKind, booking_id: UUID | None, detail: str = "") -> LogisticsAlert:
    """Open an alert and have staff mailed; one that is open already stays as it is (rule R761)."""
    booking = Booking.objects.get(pk=booking_id) if booking_id else None
    alert, created = LogisticsAlert.objects.get_or_create(
        kind=kind, booking=booking, resolved_at=None, defaults={"detail": detail[:300]}
    )
    if created:
        announce("logistics_alert", alert.pk, booking_id=booking_id)
    return alert


@transaction.atomic
def resolve_alert(alert_id: UUID, *, by_id: UUID | None = None) -> bool:
    """Close an alert; False if somebody was quicker."""
    standing = LogisticsAlert.objects.open().filter(pk=alert_id)
    return bool(standing.update(resolved_at=clock.real_now(), resolved_by_id=by_id))


def settle_alerts(kind: AlertKind, booking_id: UUID | None) -> None:
    """Close what has mended itself."""
    about = Q(booking=booking_id) if booking_id else Q(booking__isnull=True)
    standing = LogisticsAlert.objects.open().filter(about, kind=kind)
    standing.update(resolved_at=clock.real_now())
