"""The customer's own area: dashboard and bookings."""

from typing import Final

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from booking.models import Booking, BookingStatus, SavedAddress
from totetaxi.account import overview, services
from totetaxi.account.customers import CustomerRequest, customer_page
from totetaxi.account.finding import Filter, found, narrowed
from totetaxi.account.forms import SearchForm
from totetaxi.lib import clock
from totetaxi.lib.htmx import render_page
from totetaxi.lib.ratelimit import by_user, limit

MOST_USED: Final = 3
PAGE_SIZE: Final = 20


@customer_page
@limit("account_lists", key=by_user)
@require_safe
def dashboard(request: CustomerRequest) -> HttpResponse:
    """What is coming, what was, and where to go from here."""
    user, today = request.user, clock.today()
    addresses = SavedAddress.objects.active().filter(user=user)
    theirs = Booking.objects.visible().filter(customer=user)
    context = {
        "profile": request.profile,
        "is_first_visit": services.welcome(request.profile),
        "counts": overview.counts(user, today),
        "upcoming": overview.upcoming(user, today),
        "newest": overview.newest(user, today),
        "unpaid": theirs.filter(status=BookingStatus.PENDING, pickup_date__gte=today).count(),
        "address_count": addresses.count(),
        "addresses": addresses[:MOST_USED],
    }
    return render_page(request, "account/area/dashboard.html", context)


@customer_page
@limit("account_lists", key=by_user)
@require_safe
def bookings(request: CustomerRequest) -> HttpResponse:
    """All of one's bookings, newest first; search and filter stand in the address (rule R823)."""
    form, today = SearchForm(request.GET), clock.today()
    text, status = form.reading()
    theirs = Booking.objects.visible().filter(customer=request.user)
    wanted = found(narrowed(theirs, status, today), text).order_by("-created_at", "-pk")
    related = wanted.select_related(*overview.WITH_CARDS)
    page = Paginator(related, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "profile": request.profile,
        "text": text,
        "status": status,
        "filters": Filter,
        "page": page,
        "cards": overview.cards(page, today),
        "page_numbers": page.paginator.get_elided_page_range(page.number, on_each_side=1),
        "ellipsis": Paginator.ELLIPSIS,
        "query": urlencode([pair for pair in (("q", text), ("status", status)) if pair[1]]),
        "has_any": bool(page.paginator.count) or theirs.exists(),
    }
    parts = {"bookings": "list"}
    return render_page(request, "account/area/bookings.html", context, partials=parts)
