"""What the office does with a booking, one act a view; each leaves its row in the audit (R925)."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from booking.models import Booking, CustomerProfile, InternalNote
from booking.models.search import LONGEST
from booking.services import MoveRefusedError, complete_by_staff, confirm_by_staff
from booking.services.joining import NotJoinableError, attach, detach
from payments.models import Cancellation, OutsideMethod, PaymentLink
from payments.services import (
    BookingChangedError,
    CancellationRefusedError,
    CheckoutUnavailableError,
    HidingRefusedError,
    LinkRefusedError,
    OutsideRefusedError,
    RefundAmountChangedError,
    RefundRefusedError,
    cancel_booking,
    cancellation_preview,
    hide_booking,
    paid_outside,
    restore_booking,
)
from staff.access import Capability, StaffRequest, staff_page
from staff.audit import log_action
from staff.bookings import mails
from staff.bookings.acts import CancelForm, NoteForm, OutsideForm, ReasonForm
from staff.bookings.mails import Mail, MailKind, MailRefusedError
from staff.bookings.phone import customer_of
from staff.models import ActionType
from staff.views.bookings import visible_booking
from totetaxi.lib import clock
from totetaxi.lib.money import usd

ASK: Final = require_http_methods(["GET", "HEAD", "POST"])
STALE: Final = (
    "Somebody changed this booking after you opened this page. Look at it again, then decide."
)
REFUSALS: Final = (
    CancellationRefusedError,
    NotJoinableError,
    RefundRefusedError,
    MoveRefusedError,
    OutsideRefusedError,
    HidingRefusedError,
    LinkRefusedError,
    MailRefusedError,
)
UNAVAILABLE: Final = (
    "Stripe cannot be asked right now whether the open page was paid. Nothing was changed; "
    "try again in a minute."
)


@staff_page(Capability.MODIFY_BOOKINGS, rate="change")
@ASK
def confirm(request: StaffRequest, booking_id: UUID) -> HttpResponse:
    """Promise an unpaid booking, with the reason."""
    booking, form = visible_booking(request, booking_id), ReasonForm(request.POST or None)

    def act() -> str:
        reason = form.cleaned_data["reason"]
        confirm_by_staff(booking.pk, reason=reason, by=request.user)
        _log_move(request, booking, "confirmed", reason)
        return f"{booking} is confirmed; the confirmation is on its way."

    context = {
        "title": "Confirm before it is paid",
        "lead": "It keeps its place whatever becomes of the payment, and the confirmation goes "
        f"to {booking.email}. The price stays to be paid.",
        "button": "Confirm the booking",
    }
    return _ask(request, booking, form, act, context)


@staff_page(Capability.VIEW_FINANCIALS, rate="change")
@ASK
def paid(request: StaffRequest, booking_id: UUID) -> HttpResponse:
    """Write down money that came outside Stripe: the booking is paid."""
    if not request.staff.can(Capability.MODIFY_BOOKINGS):
        raise PermissionDenied
    booking = visible_booking(request, booking_id)
    form = OutsideForm(request.POST or None, initial={"amount": booking.total_price_cents})

    def act() -> str:
        how, cents = OutsideMethod(form.cleaned_data["how"]), form.cleaned_data["amount"]
        paid_outside(
            booking.pk,
            how=how,
            reference=form.cleaned_data["reference"],
            amount_cents=cents,
            by=request.user,
            also=lambda _: _log_move(request, booking, "paid", f"{usd(cents)}, {how.label}"),
        )
        return f"{booking} is paid; the confirmation is on its way."

    context = {
        "title": "Paid outside Stripe",
        "lead": "For money we have: cash, a check, a transfer. An open payment page or link ends.",
        "button": "Book the payment",
    }
    return _ask(request, booking, form, act, context, asks_stripe=True)


@staff_page(Capability.MODIFY_BOOKINGS, rate="change")
@require_POST
def complete(request: StaffRequest, booking_id: UUID) -> HttpResponse:
    """Say that it was delivered."""
    booking = visible_booking(request, booking_id)

    def act() -> str:
        complete_by_staff(booking.pk, by=request.user)
        _log_move(request, booking, "completed", "")
        return f"{booking} is completed."

    return _do(request, booking, act)


@staff_page(Capability.MODIFY_BOOKINGS, rate="change")
@ASK
def cancel(request: StaffRequest, booking_id: UUID) -> HttpResponse:
    """Cancel with a reason and a decision about the money (rules R626, R627)."""
    booking = visible_booking(request, booking_id)
    preview = cancellation_preview(booking, clock.now())
    form = CancelForm(
        request.POST or None,
        preview=preview if preview.paid_cents else None,
        version=booking.version,
        may_approve=request.staff.can(Capability.APPROVE_REFUNDS),
    )

    def act() -> str:
        cancel_booking(
            booking.pk,
            decision=form.decision,
            reason=form.cleaned_data["reason"],
            actor=request.user,
            version=form.cleaned_data["version"],
            shown_cents=form.cleaned_data.get("shown_cents"),
            also=log,
        )
        return f"{booking} is cancelled."

    def log(done: Cancellation) -> None:
        why = f"{form.cleaned_data['reason']}. Comes back: {done.get_kind_display().lower()}"
        _log_move(request, booking, "cancelled", why)

    context = {
        "title": "Cancel this booking",
        "lead": "It gives its place back and the customer is told. Refunds that are asked for "
        "wait in the queue until somebody approves them.",
        "button": "Cancel the booking",
        "grave": True,
    }
    return _ask(request, booking, form, act, context, asks_stripe=True)


@staff_page(Capability.ADMINISTER, rate="change")
@ASK
def hide(request: StaffRequest, booking_id: UUID) -> HttpResponse:
    """Take a booking out of every list and sum; it can be brought back."""
    booking, form = visible_booking(request, booking_id), ReasonForm(request.POST or None)

    def act() -> str:
        reason = form.cleaned_data["reason"]
        hide_booking(booking.pk, reason=reason, by=request.user)
        text = f"Hid {booking}: {reason}"
        after = {"hidden": True}
        log_action(
            request,
            ActionType.SOFT_DELETE,
            text,
            booking=booking,
            before={"hidden": False},
            after=after,
        )
        return f"{booking} is hidden. Admins find it with the filter “Hidden”."

    context = {
        "title": "Hide this booking",
        "lead": "It disappears from every list, calendar, sum and customer page, and gives its "
        "place back. Admins can restore it.",
        "button": "Hide the booking",
        "grave": True,
    }
    return _ask(request, booking, form, act, context)


@staff_page(Capability.ADMINISTER, rate="change")
@require_POST
def restore(request: StaffRequest, booking_id: UUID) -> HttpResponse:
    """Bring a hidden booking back."""
    booking = visible_booking(request, booking_id)

    def act() -> str:
        restore_booking(booking.pk, by=request.user)
        before, after = {"hidden": True}, {"hidden": False}
        log_action(
            request,
            ActionType.RESTORE,
            f"Restored {booking}",
            booking=booking,
            before=before,
            after=after,
        )
        return f"{booking} is back."

    return _do(request, booking, act)


@staff_page(Capability.MODIFY_BOOKINGS, rate="change")
@require_POST
def note(request: StaffRequest, booking_id: UUID) -> HttpResponse:
    """Add an internal note."""
    booking, form = visible_booking(request, booking_id), NoteForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["text"][0]))
        return redirect("staff:booking", booking.pk)
    with transaction.atomic():
        InternalNote.objects.create(
            booking=booking, author=request.user, text=form.cleaned_data["text"]
        )
        text = f"Added a note to {booking}"
        log_action(request, ActionType.MODIFY_BOOKING, text, booking=booking)
    messages.success(request, "The note is on the timeline.")
    return redirect("staff:booking", booking.pk)


@staff_page(Capability.MODIFY_BOOKINGS, rate="resend")
@ASK
def mail(request: StaffRequest, booking_id: UUID) -> HttpResponse:
    """Send or send again one of the mails that fit the booking; GET asks which and whether."""
    booking = visible_booking(request, booking_id)
    links = PaymentLink.objects.standing().filter(booking=booking)
    standing = str(links.values_list("pk", flat=True).first() or "")
    if request.method != "POST":
        context = {
            "booking": booking,
            "offered": mails.sendable(booking),
            "wanted": request.GET.get("kind", ""),
            "token": uuid4(),
            "standing": standing,
        }
        return render(request, "staff/bookings/mail.html", context)
    kind, token = _kind(request.POST.get("kind", "")), _uuid(request.POST.get("token", ""))
    if kind is None or token is None:
        messages.error(request, "Choose the mail first.")
        return redirect("staff:booking_mail", booking.pk)
    replaced = kind is MailKind.PAYMENT_LINK and request.POST.get("standing") != standing
    if replaced or mails.is_used(token):
        messages.info(request, "That mail is on its way already.")
        return redirect("staff:booking", booking.pk)

    def act() -> str:
        sent = mails.send(booking.pk, kind, token=token, by=request.user, log=log)
        return f"{sent.label} is on its way to {booking.email}."

    def log(sent: Mail) -> None:
        text = f"Sent for {booking}: {sent.label}"
        log_action(request, ActionType.SEND_NOTIFICATION, text, booking=booking)

    return _do(request, booking, act, asks_stripe=True)


@staff_page(Capability.MODIFY_BOOKINGS, rate="change")
@ASK
def customer(request: StaffRequest, booking_id: UUID) -> HttpResponse:
    """Put a booking into a customer's account or take it out of one (rule R941)."""
    booking = visible_booking(request, booking_id)
    if request.method != "POST":
        text = request.GET.get("q", booking.email)[:LONGEST]
        found = CustomerProfile.objects.select_related("user").search(text)
        rows = found.exclude(pk=booking.customer_id).order_by("-user__date_joined")[:10]
        context = {"booking": booking, "q": text, "found": rows if text.strip() else ()}
        return render(request, "staff/bookings/customer.html", context)
    chosen = customer_of(request.POST.get("customer", ""))
    before = {"customer": booking.customer_id}
    if chosen is None and "detach" not in request.POST:
        messages.error(request, "Choose the account first.")
        return redirect("staff:booking_customer", booking.pk)

    def act() -> str:
        if chosen is None:
            detach(booking.pk, actor=request.user)
            text, done = f"Took {booking} out of an account", f"{booking} is a guest’s now."
        else:
            attach(booking.pk, chosen, actor=request.user)
            text, done = f"Put {booking} into an account", f"{booking} is in the account now."
        log_action(
            request,
            ActionType.MODIFY_BOOKING,
            text,
            booking=booking,
            customer=chosen or booking.customer,
            before=before,
            after={"customer": chosen.pk if chosen else None},
        )
        return done

    return _do(request, booking, act)


# -- parts ---------------------------------------------------------------------


def _ask(
    request: StaffRequest,
    booking: Booking,
    form: Any,
    act: Callable[[], str],
    context: dict[str, Any],
    *,
    asks_stripe: bool = False,
) -> HttpResponse:
    """A page with one form that does one thing; what refuses it is said on the same page."""
    if request.method == "POST" and form.is_valid():
        try:
            done = act() if asks_stripe else _in_transaction(act)
        except REFUSALS as refusal:
            form.add_error(None, str(refusal))
        except CheckoutUnavailableError:
            form.add_error(None, UNAVAILABLE)
        except (BookingChangedError, RefundAmountChangedError):
            form.add_error(None, STALE)
        else:
            messages.success(request, done)
            return redirect("staff:booking", booking.pk)
    return render(request, "staff/bookings/act.html", {**context, "booking": booking, "form": form})


@transaction.atomic
def _in_transaction(act: Callable[[], str]) -> str:
    """An act together with its row in the audit."""
    return act()


def _do(
    request: StaffRequest, booking: Booking, act: Callable[[], str], *, asks_stripe: bool = False
) -> HttpResponse:
    """An act without a page of its own: done or refused, back to the booking."""
    try:
        done = act() if asks_stripe else _in_transaction(act)
    except REFUSALS as refusal:
        messages.error(request, str(refusal))
    except CheckoutUnavailableError:
        messages.error(request, UNAVAILABLE)
    else:
        messages.success(request, done)
    return redirect("staff:booking", booking.pk)


def _log_move(request: StaffRequest, booking: Booking, status: str, why: str) -> None:
    text = f"{booking} is {status}: {why}" if why else f"{booking} is {status}"
    before, after = {"status": booking.status}, {"status": status}
    log_action(
        request, ActionType.MODIFY_BOOKING, text, booking=booking, before=before, after=after
    )


def _kind(text: str) -> MailKind | None:
    return MailKind(text) if text in MailKind.__members__.values() else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
