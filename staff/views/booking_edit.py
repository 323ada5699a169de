"""Changing what was ordered: the form, the difference line by line, then the decision (R927-R929).

Whoever saves sees first what it costs; somebody else's change in between is shown, not lost.
"""

from typing import Any, Final, Literal
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from booking.models import Booking
from booking.services import NotBookableError, Proposal, proposal
from booking.services.answers import answers_of, request_of
from booking.wizard.form import inputs_of
from catalog import price_book
from payments.services import (
    BookingChangedError,
    ChangeRefusedError,
    CheckoutUnavailableError,
    StaffChange,
    change_by_staff,
)
from staff.access import Capability, StaffRequest, staff_page
from staff.audit import log_action
from staff.bookings.edit import EditForm, compare, price_choices
from staff.bookings.moves import may_edit
from staff.models import ActionType
from staff.views.bookings import visible_booking
from totetaxi.lib.htmx import render_page
from totetaxi.lib.money import usd

TEMPLATE: Final = "staff/bookings/edit.html"
UNAVAILABLE: Final = (
    "Stripe cannot be asked right now whether the open page was paid. Nothing was changed; "
    "try again in a minute."
)


@staff_page(Capability.MODIFY_BOOKINGS, rate="change")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def booking_edit(request: StaffRequest, booking_id: UUID) -> HttpResponse:
    """The form as the booking stands; posted, the difference or the change itself."""
    booking = visible_booking(request, booking_id)
    if not may_edit(booking, request.staff):
        status = "hidden" if booking.deleted_at else booking.get_status_display().lower()
        messages.info(request, f"{booking} is {status}: it stays as it is.")
        return redirect("staff:booking", booking.pk)
    if request.method != "POST":
        form = _form(inputs_of(answers_of(request_of(booking))) | {"version": booking.version})
        return _page(request, booking, form, None)
    form = _form(request.POST)
    asked = proposal(booking, form.asked(), staff=True)
    sound = form.judge(asked.problems)
    if form.cleaned_data.get("version") != booking.version:
        return _page(request, booking, form, asked, conflict=True)
    if sound and request.POST.get("action") == "save" and form.check(asked):
        done = _save(request, booking, form, asked)
        if done is not None:
            return done
    return _page(request, booking, form, asked)


@staff_page(Capability.MODIFY_BOOKINGS, rate="refresh")
@never_cache
@require_POST
def booking_edit_price(request: StaffRequest, booking_id: UUID) -> HttpResponse:
    """The price of the form as it stands beside the old one."""
    booking = visible_booking(request, booking_id)
    form = _form(request.POST)
    return _page(request, booking, form, proposal(booking, form.asked(), staff=True))


# -- parts ---------------------------------------------------------------------


def _form(data: Any) -> EditForm:
    return EditForm(data, book=price_book.load())


def _page(
    request: StaffRequest,
    booking: Booking,
    form: EditForm,
    asked: Proposal | None,
    *,
    conflict: bool = False,
) -> HttpResponse:
    """The form with the price before and after; 409 when somebody else was faster."""
    if asked is None:
        form.full_clean()
        asked = proposal(booking, form.asked(), staff=True)
    context = {
        "booking": booking,
        "form": form,
        "asked": asked,
        "comparison": compare(asked),
        "choices": price_choices(booking, asked),
        "conflict": conflict,
        "theirs": _differences(booking, form) if conflict else (),
    }
    return render_page(
        request,
        TEMPLATE,
        context,
        partials={"price": "price"},
        status=409 if conflict else 200,
    )


def _differences(booking: Booking, form: EditForm) -> list[tuple[str, object, object]]:
    """What the booking says now where the form says something else."""
    now, typed = answers_of(request_of(booking)), form.answers()
    # A label is what a field has that people fill in; version and shown price have none.
    names = [name for name in typed if name in form.fields and form.fields[name].label]
    return [
        (str(form.fields[name].label), now.get(name) or "nothing", typed.get(name) or "nothing")
        for name in names
        if (now.get(name) or None) != (typed.get(name) or None)
    ]


def _save(
    request: StaffRequest, booking: Booking, form: EditForm, asked: Proposal
) -> HttpResponse | None:
    """Make the change; None with the reason on the form."""
    chosen: Literal["keep", "new"] = "new" if form.cleaned_data["price"] == "new" else "keep"

    def log(done: StaffChange) -> None:
        change = (
            f"{usd(done.difference_cents)} difference" if done.difference_cents else "same price"
        )
        text = f"Changed {booking}, {change}: {form.cleaned_data['reason']}".rstrip(": ")
        names = asked.changed
        log_action(
            request,
            ActionType.MODIFY_BOOKING,
            text,
            booking=booking,
            before={name: asked.before.get(name) for name in names}
            | {"total_price_cents": asked.total_before_cents},
            after={name: asked.after.get(name) for name in names}
            | {"total_price_cents": asked.total_before_cents + done.difference_cents},
        )

    try:
        done = change_by_staff(
            booking.pk,
            form.asked(),
            version=form.cleaned_data["version"],
            price=chosen,
            actor=request.user,
            reason=form.cleaned_data["reason"],
            send_link=form.cleaned_data["send_link"],
            also=log,
        )
    except BookingChangedError:
        booking.refresh_from_db()
        return _page(request, booking, form, asked, conflict=True)
    except NotBookableError as error:
        form.judge(error.problems)
    except ChangeRefusedError as refusal:
        form.add_error(None, str(refusal))
    except CheckoutUnavailableError:
        form.add_error(None, UNAVAILABLE)
    else:
        messages.success(request, _outcome(booking, done))
        return redirect("staff:booking", booking.pk)
    return None


def _outcome(booking: Booking, done: StaffChange) -> str:
    words = f"{booking} is changed."
    if done.link is not None:
        return f"{words} A link for {usd(done.balance_cents)} is on its way to the customer."
    if done.refund is not None:
        return f"{words} A refund of {usd(-done.difference_cents)} waits to be approved."
    if done.by_hand_cents:
        return f"{words} Give {usd(done.by_hand_cents)} back the way it was paid."
    if done.balance_cents:
        return f"{words} {usd(done.balance_cents)} is still to be collected."
    return words
