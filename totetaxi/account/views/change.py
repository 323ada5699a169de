"""A booking changed by its customer: what is to be different, then old beside new, then done."""

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from booking.models import Booking
from booking.services import NotBookableError, PriceChangedError
from booking.wizard.pages import catalog_needed
from payments import services
from payments.services import (
    BookingChangedError,
    ChangeRefusedError,
    ChangeResult,
    CheckoutUnavailableError,
    ShownChange,
)
from totetaxi.account import changing
from totetaxi.account.access import own_booking
from totetaxi.lib import clock
from totetaxi.lib.access import audience
from totetaxi.lib.money import usd
from totetaxi.lib.ratelimit import limit

REFUSALS: Final = (
    BookingChangedError,
    ChangeRefusedError,
    CheckoutUnavailableError,
    NotBookableError,
    PriceChangedError,
)


class SeeOther(HttpResponseRedirect):
    """303: the answer to a POST is a page to GET, here or at Stripe."""

    status_code = 303
    allowed_schemes = ["http", "https"]


@audience("public")
@never_cache
@limit("booking_change", methods=("POST",))
@require_http_methods(["GET", "HEAD", "POST"])
@catalog_needed
def change(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """What can be different, filled in as it is booked or as it was typed last."""
    booking = own_booking(request, booking_id)
    if request.method == "POST" and request.POST.get("go") == "abandon":
        return _leave_as_it_is(request, booking)
    if refusal := services.change_refusal(booking, clock.now()):
        return render(request, "account/change_closed.html", {"booking": booking, "why": refusal})
    if request.method == "POST":
        return _take(request, booking)
    answers = changing.kept_answers(request, booking) or changing.own_answers(booking)
    return _page(request, booking, changing.ChangeForms(booking, answers))


@audience("public")
@never_cache
@limit("booking_pay_change", methods=("POST",))
@require_http_methods(["GET", "HEAD", "POST"])
@catalog_needed
def change_review(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Old beside new, line by line, and the button that makes it so or leads to Stripe."""
    booking = own_booking(request, booking_id)
    answers = changing.kept_answers(request, booking)
    if answers is None or services.change_refusal(booking, clock.now()):
        return redirect("account:change", booking.pk)
    if request.method == "POST":
        return _begin(request, booking)
    proposal = changing.proposal_of(booking, answers)
    if not proposal.ok or proposal.is_nothing:
        for problem in proposal.problems:
            messages.error(request, problem.message)
        return redirect("account:change", booking.pk)
    if "cancelled" in request.GET:
        messages.info(request, "Nothing was charged. Your booking is as it was until you pay.")
        return redirect("account:change_review", booking.pk)
    return render(request, "account/change_review.html", changing.review_context(booking, proposal))


def _page(
    request: HttpRequest, booking: Booking, forms: changing.ChangeForms, *, status: int = 200
) -> HttpResponse:
    context = {
        **forms.context(request),
        "booking": booking,
        "pending": services.pending_change(booking),
        "deadline": services.change_deadline(booking),
    }
    return render(request, "account/change.html", context, status=status)


def _take(request: HttpRequest, booking: Booking) -> HttpResponse:
    """Keep what was typed, then on to the review, or the page again with what is to be fixed."""
    own = changing.own_answers(booking)
    forms = changing.ChangeForms(booking, own, request.POST)
    answers = forms.answers()
    # Drawn for what is chosen now: the windows of another package, say.
    forms = changing.ChangeForms(booking, {**own, **answers}, request.POST)
    proposal = changing.proposal_of(booking, answers)
    if not forms.judge(proposal):
        return _page(request, booking, forms, status=422)
    if proposal.is_nothing:
        changing.forget(request, booking)
        messages.info(request, "Nothing is different from your booking yet.")
        return SeeOther(request.path)
    changing.keep(request, booking, answers)
    return redirect("account:change_review", booking.pk)


def _begin(request: HttpRequest, booking: Booking) -> HttpResponse:
    """Make it, or go to Stripe; whatever has moved since it was shown leads back to the review."""
    form = changing.ConfirmChangeForm(request.POST)
    proposal = changing.proposal_of(booking, changing.kept_answers(request, booking) or {})
    if not form.is_valid() or form.cleaned_data["digest"] != changing.digest(proposal):
        messages.warning(request, "Your change is another one in a second tab. Check it once more.")
        return redirect("account:change_review", booking.pk)
    shown = ShownChange(
        form.cleaned_data["version"],
        form.cleaned_data["total_cents"],
        form.cleaned_data["due_cents"],
    )
    try:
        started = services.begin_change(
            booking.pk,
            proposal.request,
            shown,
            base_url=request.build_absolute_uri("/")[:-1],
            actor=request.user if request.user.is_authenticated else None,
        )
    except REFUSALS as refusal:
        return _say_why(request, booking, refusal)
    return _after(request, booking, started)


def _after(request: HttpRequest, booking: Booking, started: services.ChangeStart) -> HttpResponse:
    if started.result is ChangeResult.PAY:
        changing.forget(request, booking)  # the change that waits says it from now on
        return SeeOther(started.url)
    if started.result is ChangeResult.LOOKED_AT:
        return redirect(f"{reverse('payments:done')}?session_id={started.url}")
    if started.result is ChangeResult.EARLIER_MADE:
        messages.warning(
            request, "You had paid for an earlier change: that one is made, this one is not."
        )
    else:
        changing.forget(request, booking)
        messages.success(request, "Your booking is changed. An email says what is new.")
    return redirect("account:status", booking.pk)


def _say_why(request: HttpRequest, booking: Booking, refusal: Exception) -> HttpResponse:
    """Nothing was changed or charged, and what to do."""
    match refusal:
        case NotBookableError():
            for problem in refusal.problems:
                messages.error(request, problem.message)
            return redirect("account:change", booking.pk)
        case PriceChangedError():
            text = f"The new price was {usd(refusal.shown_cents)} and is {usd(refusal.total_cents)}"
            messages.warning(request, f"{text} now. Nothing was changed. Check it once more.")
        case BookingChangedError():
            messages.warning(
                request, "Your booking was changed meanwhile. Check what is different, then go on."
            )
        case CheckoutUnavailableError():
            messages.error(
                request,
                "We couldn’t reach the payment page. Your booking is as it was. Try again in a"
                " minute." + (" If you have paid, don’t pay again." if refusal.maybe_paid else ""),
            )
        case _:
            messages.error(request, str(refusal))
            return redirect("account:change", booking.pk)
    return redirect("account:change_review", booking.pk)


def _leave_as_it_is(request: HttpRequest, booking: Booking) -> HttpResponse:
    """End the change that waits for its payment; one that was paid by now is made."""
    try:
        is_given_up = services.abandon_change(booking.pk)
    except CheckoutUnavailableError:
        messages.error(request, "We couldn’t reach Stripe just now. Try again in a minute.")
        return redirect("account:change", booking.pk)
    changing.forget(request, booking)
    if is_given_up:
        messages.info(request, "Your booking stays as it is. Nothing was charged.")
    else:
        messages.warning(request, "The change was paid already: it is made.")
    return redirect("account:status", booking.pk)
