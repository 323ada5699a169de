"""What the office did, written down within the transaction of the act (rule R908)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

from staff.models import ActionType, StaffAction

if TYPE_CHECKING:
    from booking.models import Booking
    from totetaxi.users.models import User

__all__ = ["ActionType", "log_action"]


def log_action(
    request: HttpRequest,
    action_type: ActionType,
    text: str,
    *,
    booking: "Booking | None" = None,
    customer: "User | None" = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> StaffAction:
    """Record what the signed-in person did; a booking's customer is noted with it.

    Call it inside the transaction of the act, so that there is none without the other. ``before``
    and ``after`` hold what changed; dates, decimals and UUIDs are fine in them.
    """
    return StaffAction.log_action(
        request.user,  # type: ignore[arg-type]  # Pages of the office only: signed in.
        action_type,
        text,
        request,
        booking=booking,
        customer=customer,
        before=before,
        after=after,
    )
