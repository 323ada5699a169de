"""The way to Stripe's page, the way back, and what Stripe tells us in between."""

import re
from typing import Final

from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseRedirect,
)
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking import describe
from booking.ownership import remember_booking
from booking.services import Acceptance, DraftChangedError, NotBookableError, PriceChangedError
from booking.terms import TERMS_VERSION
from booking.wizard.session import last_draft
from catalog.price_book import CatalogUnavailableError
from payments import services
from payments.forms import StartForm
from payments.gateway import InvalidSignatureError, get_gateway
from payments.models import PaymentLink
from payments.services import (
    CheckoutResult,
    CheckoutUnavailableError,
    LinkRefusedError,
    Outcome,
)
from totetaxi.lib.access import audience
from totetaxi.lib.errors import PermanentError, TemporaryError
from totetaxi.lib.htmx import HtmxRequest
from totetaxi.lib.money import usd
from totetaxi.lib.ratelimit import client_address, count, limit, too_many_requests

# Why a checkout does not begin: each leads back to the review page.
REFUSALS: Final = (
    CatalogUnavailableError,
    CheckoutUnavailableError,
    DraftChangedError,
    NotBookableError,
    PriceChangedError,
)
SESSION_ID: Final = re.compile(r"cs_[A-Za-z0-9_]{1,190}")
# Stripe's events are a few kilobytes; anything near this is not one.
MAX_EVENT_BYTES: Final = 256 * 1024


class SeeOther(HttpResponseRedirect):
    """303: the answer to a POST is a page to GET, at Stripe or here."""

    status_code = 303
    allowed_schemes = ["http", "https"]


@audience("public")
@require_http_methods(["GET", "HEAD", "POST"])
@limit("checkout", methods=("POST",))
def start(request: HtmxRequest) -> HttpResponse:
    """Review posts here: the booking is stored, then the customer goes to Stripe's page."""
    if request.method != "POST":  # Typed, or opened again from the history.
        return redirect("booking:review")
    draft = last_draft(request)
    form = StartForm(request.POST)
    if draft is None:
        return redirect("booking:start")
    if not form.is_valid():
        messages.error(request, form.first_error)
        return redirect("booking:review")
    if seconds := count(request, "checkout_draft", value=str(draft.pk)):
        return too_many_requests(request, seconds)
    base_url = request.build_absolute_uri("/")[:-1]
    try:
        checkout = services.begin_checkout(
            draft.pk, form.shown, _acceptance(request), base_url=base_url
        )
    except REFUSALS as refusal:
        return _back_to_review(request, refusal)
    remember_booking(request, checkout.booking_id)
    if checkout.result is CheckoutResult.PAY:
        return SeeOther(checkout.url)
    if checkout.result is CheckoutResult.LOOKED_AT:
        return redirect(f"{reverse('payments:done')}?session_id={checkout.url}")
    return redirect("account:status", checkout.booking_id)


def _acceptance(request: HttpRequest) -> Acceptance:
    """The evidence that goes with the order (rule R508)."""
    return Acceptance(
        terms_version=TERMS_VERSION,
        ip_address=client_address(request),
        user_agent=request.headers.get("User-Agent", ""),
    )


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
        case CheckoutUnavailableError(maybe_paid=True):
            messages.error(
                request,
                "We couldn’t ask Stripe about your payment just now. If you have paid, the"
                " confirmation comes by email. Don’t pay again; look here in a minute.",
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
@limit("payment_return")
def done(request: HttpRequest) -> HttpResponse:
    """Back from Stripe: settle now if the webhook has not, and go on to the booking's page."""
    session_id = request.GET.get("session_id", "")
    if not SESSION_ID.fullmatch(session_id):
        raise Http404
    try:
        settlement = services.settle(session_id)
    except (PermanentError, TemporaryError) as error:
        # A session of ours that Stripe does not show us, after a change of keys, say, stays ours.
        if isinstance(error, PermanentError) and not services.is_our_session(session_id):
            raise Http404 from error
        return render(request, "payments/done.html", {"session_id": session_id})
    if settlement.outcome is Outcome.NOT_OURS:
        raise Http404
    if settlement.outcome is Outcome.MISMATCH:
        return render(request, "payments/done.html", {"needs_people": True})
    if link := services.link_of_session(session_id):
        return redirect("payments:link", link.token)
    if services.is_change_session(session_id):
        return _back_from_change(request, settlement)
    if settlement.outcome in (Outcome.OPEN, Outcome.EXPIRED):
        return redirect("booking:review")
    return redirect("account:status", settlement.booking_id)


def _back_from_change(request: HttpRequest, settlement: services.Settlement) -> HttpResponse:
    """To the booking, which is changed or as it was; or back to the change that waits."""
    if settlement.outcome is Outcome.OPEN:
        return redirect("account:change_review", settlement.booking_id)
    if settlement.outcome is Outcome.PAID:
        messages.success(request, "Paid. Your change is made.")
    elif settlement.outcome is Outcome.GIVEN_BACK:
        messages.warning(
            request,
            "Your change could not be made any more. What you just paid goes back to your card in"
            " full, by itself; an email says why.",
        )
    else:
        messages.info(request, "The change was not paid. Your booking is as it was.")
    return redirect("account:status", settlement.booking_id)


@audience("public")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limit("payment_link", methods=("POST",))
def link(request: HttpRequest, token: str) -> HttpResponse:
    """A link of the office: what is to be paid, and a button that goes to Stripe (rule R618).

    Only the button opens a page at Stripe: programs that follow links in mails change nothing.
    """
    link = services.link_of_token(token)
    if link is None or link.booking.deleted_at is not None:
        raise Http404
    if request.method == "POST":
        return _open_link(request, link)
    context = {
        "link": link,
        "booking": link.booking,
        "state": services.link_state(link),
        "service": describe.service_words(link.booking),
        "window": describe.window_words(link.booking),
        "lines": link.booking.lines.all(),
        "cents": services.link_cents(link),
    }
    return render(request, "payments/link.html", context)


def _open_link(request: HttpRequest, link: PaymentLink) -> HttpResponse:
    """On to Stripe, or back to the link's page, which then says why not."""
    try:
        checkout = services.open_link(link.pk, base_url=request.build_absolute_uri("/")[:-1])
    except LinkRefusedError as refusal:
        messages.error(request, f"{refusal} Nothing was charged.")
    except CheckoutUnavailableError as unavailable:
        charged = "Don’t pay again" if unavailable.maybe_paid else "Nothing was charged"
        messages.error(
            request, f"We couldn’t reach the payment page. {charged}; look here in a minute."
        )
    else:
        if checkout.result is CheckoutResult.PAY:
            return SeeOther(checkout.url)
        if checkout.result is CheckoutResult.LOOKED_AT:
            return redirect(f"{reverse('payments:done')}?session_id={checkout.url}")
    return redirect("payments:link", link.token)


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
        services.count_refused_webhook()
        return HttpResponseBadRequest("Invalid signature.")
    services.record_event(notice)
    return HttpResponse()
