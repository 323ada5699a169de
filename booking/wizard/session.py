"""The draft of this browser: its id in the server-side session, its answers in the database."""

from collections.abc import Mapping
from typing import Any, Final, Literal, overload
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest

from booking.models import Booking, BookingStatus, Draft
from totetaxi.lib import clock

SESSION_KEY: Final = "draft_id"


@overload
def current_draft(request: HttpRequest, *, create: Literal[True]) -> Draft: ...
@overload
def current_draft(request: HttpRequest, *, create: bool = False) -> Draft | None: ...
def current_draft(request: HttpRequest, *, create: bool = False) -> Draft | None:
    """The draft this browser is working on, or None; with ``create`` a new one instead of None.

    A draft whose booking needs no payment any more is finished: the next order starts anew. The
    booking, if there is one, comes with the draft in the same query.
    """
    draft_id = request.session.get(SESSION_KEY)
    draft = None
    if draft_id:
        live = Draft.objects.live(clock.now()).filter(pk=draft_id).select_related("booking")
        draft = live.exclude(
            booking__status__in=set(BookingStatus.values) - {BookingStatus.PENDING}
        ).first()
    if draft is None and create:
        draft = Draft.objects.create(
            user_id=request.user.pk if request.user.is_authenticated else None
        )
        request.session[SESSION_KEY] = str(draft.pk)
    return draft


def save_answers(request: HttpRequest, changes: Mapping[str, Any]) -> Draft:
    """Merge ``changes`` into this browser's draft, made if there is none, under its row lock.

    Only the fields of one step are in ``changes``, so that two tabs do not undo each other.
    """
    draft = current_draft(request, create=True)
    with transaction.atomic():
        rows = Draft.objects.select_related("booking").select_for_update(of=("self",))
        locked = rows.get(pk=draft.pk)
        locked.update_answers(changes)
    return locked


def note_shown_total(draft: Draft, total_cents: int | None) -> None:
    """Remember the total the customer sees, so that a price that moves by itself is noticed."""
    if draft.shown_total_cents != total_cents:
        draft.shown_total_cents = total_cents
        Draft.objects.filter(pk=draft.pk).update(shown_total_cents=total_cents)


def forget_draft(request: HttpRequest) -> None:
    """Start over: the draft itself stays until its life ends."""
    request.session.pop(SESSION_KEY, None)


def last_draft(request: HttpRequest) -> Draft | None:
    """The draft this browser worked on last, finished or not: for whoever pays twice."""
    draft_id = request.session.get(SESSION_KEY)
    live = Draft.objects.live(clock.now())
    return live.filter(pk=draft_id).first() if draft_id else None


def finished_booking_id(request: HttpRequest) -> UUID | None:
    """The booking that this browser's last draft became, once it needs no payment any more."""
    draft_id = request.session.get(SESSION_KEY)
    if not draft_id:
        return None
    bookings = Booking.objects.visible().exclude(status=BookingStatus.PENDING)
    return bookings.filter(draft_id=draft_id).values_list("pk", flat=True).first()
