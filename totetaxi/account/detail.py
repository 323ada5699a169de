"""What the page of one booking shows its owner."""

from datetime import datetime, timedelta
from typing import Any, Final

from booking import describe
from booking.models import Booking, BookingStatus
from payments.receipts import receipt_of
from payments.services import pending_change
from totetaxi.account.overview import title_words
from totetaxi.account.progress import coming_back, stops
from totetaxi.account.terms import cancellation_terms
from totetaxi.account.timeline import timeline
from totetaxi.account.tracking import tracking_of
from totetaxi.lib import clock

#: For so long after paying the page thanks first; later it is about the day of the pickup.
JUST_NOW: Final = timedelta(hours=1)
REBOOKABLE: Final = frozenset({BookingStatus.PAID, BookingStatus.COMPLETED})


def booking_context(booking: Booking, now: datetime) -> dict[str, Any]:
    """Everything the template needs; the number of queries does not depend on the booking."""
    just_paid = booking.paid_at is not None and clock.elapsed(booking.paid_at, now) < JUST_NOW
    tracking = tracking_of(booking)
    return {
        "booking": booking,
        "tracking": tracking,
        "documents": list(booking.documents.standing()),
        "title": title_words(booking, now.astimezone(clock.NEW_YORK).date()),
        "just_paid": just_paid and booking.status == BookingStatus.PAID,
        "facts": describe.facts(booking),
        "window": describe.window_words(booking),
        "service": describe.service_words(booking),
        "stops": stops(booking, tracking),
        "coming_back": coming_back(booking),
        "receipt": receipt_of(booking),
        # Only a paid booking has one; the others are spared the query.
        "pending": pending_change(booking) if booking.status == BookingStatus.PAID else None,
        "timeline": timeline(booking),
        "terms": cancellation_terms(booking, now),
        "can_rebook": booking.status in REBOOKABLE,
        # Answers typed after Stripe's page was opened, and paid there all the same.
        "changed_since": bool(booking.draft and booking.draft.version != booking.draft_version),
    }
