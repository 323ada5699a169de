"""An order taken by phone, on one page with its price (domain 11.3, rules R930-R935)."""

from typing import Any, Final

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from booking.models import Booking
from booking.services import NotBookableError, PriceChangedError, judge_phone_order, place_by_staff
from catalog import price_book
from catalog.pricing import Evaluation
from payments.models import OutsideMethod
from payments.services import LinkRefusedError, OutsideRefusedError, book_free, create_link
from payments.services import paid_outside as book_paid
from staff.access import Capability, StaffRequest, staff_page
from staff.audit import log_action
from staff.bookings.phone import PhoneForm, customer_of, first_inputs
from staff.models import ActionType
from totetaxi.lib.htmx import render_page
from totetaxi.lib.money import usd

TEMPLATE: Final = "staff/bookings/new.html"
SHOW_FIRST: Final = "Check the price, then book: this is what it costs."


@staff_page(Capability.MODIFY_BOOKINGS, rate="change")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def booking_new(request: StaffRequest) -> HttpResponse:
    """The empty form, or the order made from it; other buttons only fill or price the form."""
    if request.method != "POST":
        customer = customer_of(request.GET.get("customer", ""))
        inputs = first_inputs(customer=customer, day=request.GET.get("date", "")[:10])
        form = _form(request, inputs)
        return _page(request, form, judge_phone_order(form.order()))
    form = _form(request, request.POST)
    order = form.order()
    evaluation = judge_phone_order(order)
    if request.POST.get("action") != "book":
        return _page(request, form, evaluation)
    if form.judge(evaluation.problems) and form.check_payment() and evaluation.quote:
        if form.cleaned_data.get("shown_total_cents") == evaluation.quote.total_cents:
            made = _take(request, form, evaluation.quote.total_cents)
            if made is not None:
                return redirect("staff:booking", made.pk)
        else:
            form.add_error(None, SHOW_FIRST)
    return _page(request, form, evaluation)


@staff_page(Capability.MODIFY_BOOKINGS, rate="refresh")
@never_cache
@require_POST
def booking_new_price(request: StaffRequest) -> HttpResponse:
    """The price of the form as it stands; posted, so that no name stands in an address."""
    form = _form(request, request.POST)
    return _page(request, form, judge_phone_order(form.order()))


@staff_page(Capability.MODIFY_BOOKINGS, rate="refresh")
@never_cache
@require_POST
def booking_new_customers(request: StaffRequest) -> HttpResponse:
    """Customers that fit what was typed, to choose from."""
    form = _form(request, request.POST)
    return _page(request, form, judge_phone_order(form.order()))


# -- parts ---------------------------------------------------------------------


def _form(request: StaffRequest, data: Any) -> PhoneForm:
    return PhoneForm(
        data,
        book=price_book.load(),
        takes_money=request.staff.can(Capability.VIEW_FINANCIALS),
    )


def _page(request: StaffRequest, form: PhoneForm, evaluation: Evaluation) -> HttpResponse:
    """The form with its price; htmx asks for the price or the customers alone."""
    context = {
        "form": form,
        "quote": evaluation.quote,
        "chosen": str(form.cleaned_data.get("customer") or ""),
        "found": form.found(),
        "problems": len(evaluation.problems),
    }
    parts = {"price": "price", "customers": "customers"}
    return render_page(request, TEMPLATE, context, partials=parts)


def _take(request: StaffRequest, form: PhoneForm, shown_cents: int) -> Booking | None:
    """Make the booking with what pays it, in one transaction; None with the reason on the form.

    Nothing is asked of Stripe here: a new booking has no page that could be open.
    """
    try:
        with transaction.atomic():
            booking, made = place_by_staff(form.order(), shown_cents=shown_cents, by=request.user)
            if made:
                _log(request, form, booking)
                _settle(request, form, booking)
    except NotBookableError as error:
        form.judge(error.problems)
    except (PriceChangedError, OutsideRefusedError) as error:
        refused = isinstance(error, OutsideRefusedError)
        form.add_error(None, str(error) if refused else SHOW_FIRST)
    else:
        return booking
    return None


def _settle(request: StaffRequest, form: PhoneForm, booking: Booking) -> None:
    """Free, paid outside Stripe, or with a link on its way."""
    if booking.total_price_cents == 0:
        book_free(booking.pk)
        messages.success(request, f"{booking} is booked; there is nothing to pay.")
    elif form.is_outside:
        book_paid(
            booking.pk,
            how=OutsideMethod(form.cleaned_data["outside_how"]),
            reference=form.cleaned_data["outside_reference"],
            amount_cents=booking.total_price_cents,
            by=request.user,
        )
        messages.success(request, f"{booking} is booked and paid.")
    else:
        _link(request, booking)


def _link(request: StaffRequest, booking: Booking) -> None:
    """A link by mail; where there can be none, the booking waits and says so."""
    try:
        create_link(booking.pk, by=request.user)
    except LinkRefusedError as refusal:
        messages.warning(request, f"{booking} is placed, but has no payment link. {refusal}")
    else:
        text = f"{booking} is placed; the payment link is on its way to {booking.email}."
        messages.success(request, text)


def _log(request: StaffRequest, form: PhoneForm, booking: Booking) -> None:
    total = usd(booking.total_price_cents)
    order = form.order()
    by_hand = f", set by hand: {order.reason}" if order.custom_total_cents is not None else ""
    log_action(
        request,
        ActionType.MODIFY_BOOKING,
        f"Took the order {booking} by phone, {total}{by_hand}",
        booking=booking,
        customer=order.customer,
        after={"total_price_cents": booking.total_price_cents, "email": booking.email},
    )
