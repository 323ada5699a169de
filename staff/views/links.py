"""Payment links in the office: which stand, mailed or not; a new one ends the old (R618, R975)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from payments import services
from payments.models import PaymentLink
from payments.services import CheckoutUnavailableError, LinkRefusedError
from staff.access import Capability, StaffRequest, staff_page
from staff.audit import log_action
from staff.models import ActionType
from staff.money import queries
from staff.money.filters import LinkFilter
from staff.tables import page_of
from totetaxi.lib import clock

NO_ANSWER = "Stripe doesn’t answer, and the old page must be ended there first. Try in a minute."


@staff_page(Capability.VIEW, rate="lists")
@require_safe
def links(request: StaffRequest) -> HttpResponse:
    """All links, newest first. Their addresses are keys to pay, so they stand nowhere here."""
    narrowed = LinkFilter(request.GET)
    page = page_of(request, narrowed.narrow(queries.links()))
    now = clock.now()
    context = {
        "filter": narrowed,
        "page": page,
        "table": [(link, queries.link_words(link, now)) for link in page.object_list],
    }
    return render(request, "staff/money/links.html", context)


@staff_page(Capability.MODIFY_BOOKINGS, rate="resend")
@require_POST
def link_resend(request: StaffRequest, link_id: UUID) -> HttpResponse:
    """Make a new link for the same booking and mail it; all older ones end."""
    link = _link(link_id)

    def log(_: PaymentLink) -> None:
        text = "Sent a new payment link; older ones ended"
        log_action(request, ActionType.SEND_NOTIFICATION, text, booking=link.booking)

    try:
        services.create_link(link.booking_id, by=request.user, also=log)
    except LinkRefusedError as refusal:
        messages.error(request, str(refusal))
    except CheckoutUnavailableError:
        messages.error(request, NO_ANSWER)
    else:
        number = link.booking.booking_number
        messages.success(request, f"A new link for {number} is on its way by mail.")
    return _back(request, link)


@staff_page(Capability.MODIFY_BOOKINGS, rate="change")
@require_POST
def link_revoke(request: StaffRequest, link_id: UUID) -> HttpResponse:
    """End a link and the page at Stripe behind it; one that was paid by then is booked instead."""
    link = _link(link_id)
    number = link.booking.booking_number

    def log(_: PaymentLink) -> None:
        log_action(
            request,
            ActionType.MODIFY_BOOKING,
            "Revoked a payment link",
            booking=link.booking,
            before={"link": str(link.pk), "live": True},
            after={"link": str(link.pk), "live": False},
        )

    if not link.is_live(clock.now()):
        messages.info(request, "This link has ended already.")
        return _back(request, link)
    try:
        ended = services.revoke_link(link.pk, also=log)
    except CheckoutUnavailableError:
        messages.error(request, NO_ANSWER)
    else:
        if ended:
            messages.success(request, f"The link of {number} no longer works.")
        else:
            messages.info(request, f"The link of {number} was paid or ended meanwhile.")
    return _back(request, link)


def _back(request: StaffRequest, link: PaymentLink) -> HttpResponse:
    """To the booking's page, if the button stood there; else to the list."""
    if request.POST.get("back") == "booking":
        return redirect("staff:booking", link.booking_id)
    return redirect("staff:links")


def _link(link_id: UUID) -> PaymentLink:
    return get_object_or_404(queries.links(), pk=link_id)
