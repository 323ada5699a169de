"""A booking cancelled by its customer: what comes back first, to the cent, then the button."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from booking import describe
from booking.models import Booking, BookingStatus
from booking.wizard.pages import catalog_needed
from payments import services
from payments.services import (
    BookingChangedError,
    CancellationRefusedError,
    CheckoutUnavailableError,
    Decision,
    RefundAmountChangedError,
)
from totetaxi.account.access import own_booking
from totetaxi.account.changing import ConfirmCancellationForm
from totetaxi.account.terms import cancellation_terms
from totetaxi.lib import clock
from totetaxi.lib.access import audience
from totetaxi.lib.money import usd
from totetaxi.lib.ratelimit import limit


@audience("public")
@never_cache
@limit("booking_cancel", methods=("POST",))
@require_http_methods(["GET", "HEAD", "POST"])
@catalog_needed
def cancel(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """The exact refund as of now, an optional reason, and the button."""
    booking = own_booking(request, booking_id)
    if booking.status == BookingStatus.CANCELLED:
        return redirect("account:status", booking.pk)
    form = ConfirmCancellationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _cancel(request, booking, form)
    now = clock.now()
    context = {
        "booking": booking,
        "form": form,
        "preview": services.cancellation_preview(booking, now),
        "terms": cancellation_terms(booking, now),
        "service": describe.service_words(booking),
        "window": describe.window_words(booking),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "account/cancel.html", context, status=status)


def _cancel(request: HttpRequest, booking: Booking, form: ConfirmCancellationForm) -> HttpResponse:
    """Do it if everything still is as shown; else say what has moved and show it again."""
    try:
        done = services.cancel_booking(
            booking.pk,
            decision=Decision("policy"),
            reason=form.cleaned_data["reason"] or "Cancelled by the customer",
            version=form.cleaned_data["version"],
            shown_cents=form.cleaned_data["refund_cents"],
        )
    except RefundAmountChangedError as changed:
        messages.warning(
            request,
            f"What comes back is {usd(changed.refund_cents)} now, not"
            f" {usd(changed.shown_cents)}. Nothing was cancelled. Check it once more.",
        )
    except BookingChangedError:
        messages.warning(request, "The booking was changed meanwhile. Check it once more.")
    except CancellationRefusedError as refusal:
        messages.error(request, str(refusal))
    except CheckoutUnavailableError:
        messages.error(
            request, "We couldn’t reach Stripe just now. Nothing was cancelled. Try again soon."
        )
    else:
        back = f" {usd(done.total_cents)} comes back to you." if done.total_cents else ""
        messages.success(request, f"Booking {booking.booking_number} is cancelled.{back}")
        return redirect("account:status", booking.pk)
    return redirect("account:cancel", booking.pk)
