"""Which mails a customer gets: some always go out, the others obey their switch (rule R820)."""

from enum import StrEnum
from typing import Final

from booking.models import Booking, CustomerProfile


class MailKind(StrEnum):
    """Why we write to a customer about a booking."""

    # These always go out.
    CONFIRMATION = "confirmation"
    CHANGE = "change"  # what was agreed is different now
    CANCELLATION = "cancellation"
    RECEIPT = "receipt"
    PAYMENT = "payment"
    REFUND = "refund"
    SECURITY = "security"
    # These obey "Email notifications".
    REMINDER = "reminder"
    STATUS_NOTE = "status_note"
    REVIEW_REQUEST = "review_request"


OPTIONAL: Final = frozenset({MailKind.REMINDER, MailKind.STATUS_NOTE, MailKind.REVIEW_REQUEST})


def wants(booking: Booking, kind: MailKind) -> bool:
    """Whether a mail of this kind goes to the booking's customer.

    A guest has no switch and gets everything. Ask when the mail is about to be sent, not when it
    is announced: the customer may have switched meanwhile.
    """
    if kind not in OPTIONAL or booking.customer_id is None:
        return True
    declined = CustomerProfile.objects.filter(pk=booking.customer_id, email_notifications=False)
    return not declined.exists()
