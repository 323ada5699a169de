"""The way to Stripe's page, the way back, and what Stripe tells us in between."""

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from booking.ownership import remember_booking
from booking.services import Acceptance, DraftChangedError, NotBookableError, PriceChangedError
from booking.terms import TERMS_VERSION
from booking.wizard.session import last_draft
from payments import services
from payments.forms import StartForm
from payments.gateway import InvalidSignatureError, get_gateway
from payments.services import CheckoutResult, CheckoutUnavailableError, Outcome
from totetaxi.lib.access import audience
from totetaxi.lib.errors import PermanentError, TemporaryError
from totetaxi.lib.money import usd
from totetaxi.lib.ratelimit import client_address, limit

# Stripe's events are a few kilobytes; anything near this is not one.
MAX_EVENT_BYTES: Final = 256 * 1024


class SeeOther(HttpResponseRedirect):
    """303: the answer to a POST is a page to GET, at Stripe or here."""

    status_code = 303
    allowed_schemes = ["http", "https"]


@audience("public")
@require_POST
@limit("30/h")
def start(request: HttpRequest) -> HttpResponse:
    """Review posts here: the booking is stored, then the customer goes to Stripe's page."""
    draft = last_draft(request)
    form = StartForm(request.POST)
    if draft is None:
        return redirect("booking:start")
    if not form.is_valid():
        messages.error(request, form.first_error)
        return redirect("booking:review")
    acceptance = Acceptance(
        terms_version=TERMS_VERSION,
        ip_address=client_address(request),
        user_agent=request.headers.get("User-Agent", ""),
    )
    try:
        checkout = services.begin_checkout(
            draft.pk, form.shown, acceptance, base_url=request.build_absolute_uri("/")[:-1]
        )
    except (
        NotBookableError,
        PriceChangedError,
        DraftChangedError,
        CheckoutUnavailableError,
    ) as refusal:
        return _back_to_review(request, refusal)
    remember_booking(request, checkout.booking_id)
    if checkout.result is CheckoutResult.PAY:
        return SeeOther(checkout.url)
    return redirect("account:status", checkout.booking_id)


def _back_to_review(request: HttpRequest, refusal: Exception) -> HttpResponse:
    """Say why nothing was charged; the review page shows what to do about problems itself."""
    match refusal:
        case NotBookableError():
            for problem in refusal.problems:
                messages.error(request, problem.message)
        case PriceChangedError():
            messages.warning(
                request,
                f"The price changed from {usd(refusal.shown_cents)} to {usd(refusal.total_cents)}"
                " since you last saw it. Nothing was charged. Check it and pay again.",
            )
        case DraftChangedError():
            messages.warning(
                request,
                "Your order changed in another tab. Nothing was charged."
                " Check it once more, then pay.",
            )
        case _:
            messages.error(
                request,
                "We couldn’t reach the payment page. Nothing was charged and your answers are"
                " kept. Try again in a minute.",
            )
    return redirect("booking:review")


@audience("public")
@require_safe
def done(request: HttpRequest) -> HttpResponse:
    """Back from Stripe: settle now if the webhook has not, and go on to the booking's page."""
    session_id = request.GET.get("session_id", "")[:200]
    try:
        settlement = services.settle(session_id) if session_id else None
    except PermanentError:
        settlement = None
    except TemporaryError:
        return render(request, "payments/done.html", {"session_id": session_id}, status=200)
    if settlement is None or settlement.outcome is Outcome.NOT_OURS:
        return render(request, "404.html", status=404)
    if settlement.outcome is Outcome.MISMATCH:
        return render(request, "payments/done.html", {"needs_people": True})
    if settlement.outcome in (Outcome.OPEN, Outcome.EXPIRED):
        return redirect("booking:review")
    return redirect("account:status", settlement.booking_id)


@csrf_exempt  # Stripe signs the body instead.
@audience("signed_webhook")
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Store a signed Stripe event. Any answer but 2xx makes Stripe send it again later."""
    if len(request.body) > MAX_EVENT_BYTES:
        return HttpResponseBadRequest("Too large.")
    try:
        notice = get_gateway().parse_event(
            request.body, request.headers.get("Stripe-Signature", "")
        )
    except InvalidSignatureError:
        return HttpResponseBadRequest("Invalid signature.")
    services.record_event(notice)
    return HttpResponse()
