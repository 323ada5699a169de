"""The draft of this browser: its id in the server-side session, its answers in the database.

A member's draft is seen by that member alone, whoever sits at the browser (rule R842). A guest's
becomes a member's when they sign in (rule R516).
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, overload
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest

from booking.models import Booking, BookingStatus, Draft
from booking.models.draft import DraftQuerySet
from booking.wizard.basket import Basket, draft_basket
from booking.wizard.members import Member, member_of
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
    member = member_of(request.user)
    draft_id = request.session.get(SESSION_KEY)
    draft = None
    if draft_id:
        mine = _seen_by(member).filter(pk=draft_id).select_related("booking")
        draft = mine.exclude(
            booking__status__in=set(BookingStatus.values) - {BookingStatus.PENDING}
        ).first()
    if draft is None and create:
        draft = Draft.objects.create(
            user_id=member.user_id if member else None,
            answers=member.contact_changes({}) if member else {},
        )
        request.session[SESSION_KEY] = str(draft.pk)
    return _kept_up(draft, member)


def _seen_by(member: Member | None) -> DraftQuerySet:
    """Live drafts that are nobody's, or this member's."""
    theirs = Q(user=None) | Q(user=member.user_id) if member else Q(user=None)
    return Draft.objects.live(clock.now()).filter(theirs)


def _kept_up(draft: Draft | None, member: Member | None) -> Draft | None:
    """The draft as the member's own, with the contact that their profile has now."""
    if draft is None or member is None or _is_finished(draft):
        return draft
    changes = member.contact_changes(draft.answers)
    if draft.user_id == member.user_id and changes.items() <= draft.answers.items():
        return draft
    with transaction.atomic():
        locked = _locked(draft)
        locked.hand_to(member.user_id, member.contact_changes(locked.answers))
    return locked


def _is_finished(draft: Draft) -> bool:
    booking = getattr(draft, "booking", None)
    return booking is not None and booking.status != BookingStatus.PENDING


def _locked(draft: Draft) -> Draft:
    rows = Draft.objects.select_related("booking").select_for_update(of=("self",))
    return rows.get(pk=draft.pk)


def current_basket(request: HttpRequest, *, priced_only: bool = False) -> Basket:
    """The order of this browser; empty, or with a member's contact, before the first answer."""
    return basket_of(request, current_draft(request), priced_only=priced_only)


def basket_of(request: HttpRequest, draft: Draft | None, *, priced_only: bool = False) -> Basket:
    """A draft that this browser may see, as its visitor sees it."""
    return draft_basket(draft, member=member_of(request.user), priced_only=priced_only)


def save_answers(request: HttpRequest, changes: Mapping[str, Any]) -> Draft:
    """Merge ``changes`` into this browser's draft, made if there is none, under its row lock.

    Only the fields of one step are in ``changes``, so that two tabs do not undo each other.
    """
    draft = current_draft(request, create=True)
    with transaction.atomic():
        locked = _locked(draft)
        locked.update_answers(changes)
    return locked


def note_shown_total(draft: Draft, total_cents: int | None) -> None:
    """Remember the total the customer sees, so that a price that moves by itself is noticed."""
    if draft.shown_total_cents != total_cents:
        draft.shown_total_cents = total_cents
        Draft.objects.filter(pk=draft.pk).update(shown_total_cents=total_cents)


def forget_draft(request: HttpRequest) -> None:
    """Start over. A draft without a booking ends; one with a booking may still be paid."""
    if draft := current_draft(request):
        Draft.objects.filter(pk=draft.pk, booking=None).update(expires_at=clock.now())
    request.session.pop(SESSION_KEY, None)


def begin_with(request: HttpRequest, answers: Mapping[str, Any]) -> Draft:
    """Make a new draft with these answers the one of this browser."""
    request.session.pop(SESSION_KEY, None)
    return save_answers(request, answers)


def last_draft(request: HttpRequest) -> Draft | None:
    """The draft this browser worked on last, finished or not: for whoever pays twice."""
    member = member_of(request.user)
    draft_id = request.session.get(SESSION_KEY)
    draft = _seen_by(member).filter(pk=draft_id).first() if draft_id else None
    return _kept_up(draft, member)


def finished_booking_id(request: HttpRequest) -> UUID | None:
    """The booking that this browser's last draft became, once it needs no payment any more."""
    draft = last_draft(request)
    if draft is None:
        return None
    bookings = Booking.objects.visible().exclude(status=BookingStatus.PENDING)
    return bookings.filter(draft=draft).values_list("pk", flat=True).first()


def resume_at_sign_in(request: HttpRequest, user: Any, **_: Any) -> None:
    """Bring a member back to what they left unfinished elsewhere, if this browser has nothing.

    A receiver of the signal that somebody signed in.
    """
    member = member_of(user)
    if member is None:
        return
    mine = _seen_by(member)
    here = request.session.get(SESSION_KEY)
    if here and (draft := mine.filter(pk=here).first()):
        _kept_up(draft, member)
        return
    elsewhere = Draft.objects.live(clock.now()).filter(user=member.user_id, booking=None)
    if draft := elsewhere.order_by("-updated_at").first():
        request.session[SESSION_KEY] = str(draft.pk)
