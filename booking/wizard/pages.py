"""What the templates of the steps are given."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse

from booking.cancelling import advance_terms
from booking.terms import TERMS_VERSION
from booking.wizard import options, review, steps
from booking.wizard.basket import Basket
from booking.wizard.forms import AddressesForm, ScheduleForm, ServiceForm, StepForm
from booking.wizard.month import month_page
from booking.wizard.steps import Step
from booking.wizard.summary import summary
from catalog.choices import Direction, PickupTime, ServiceType
from catalog.price_book import CatalogUnavailableError
from catalog.price_lines import percent_words
from catalog.pricing import ready_time
from totetaxi.lib.htmx import HtmxRequest, render_page

View = TypeVar("View", bound=Callable[..., HttpResponse])
#: The hidden answer of a form that was opened from the review: go back there.
RETURN = "return"


def catalog_needed(view: View) -> View:
    """Say that prices cannot be shown, with a way to try again, where the catalog is not there."""

    @wraps(view)
    def wrapper(request: HtmxRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except CatalogUnavailableError:
            parts = dict.fromkeys(("summary", "calendar"), "alert")
            # htmx shows no part that comes with an error status.
            status = 200 if request.htmx and request.htmx.target in parts else 503
            return render_page(
                request, "booking/unavailable.html", {}, partials=parts, status=status
            )

    return wrapper  # type: ignore[return-value]  # Wrapped: the same signature.


def step_context(
    request: HttpRequest, step: Step, basket: Basket, form: StepForm
) -> dict[str, Any]:
    """What every step shows: progress, form, ticket and where to go from here."""
    path = basket.path(step)
    source = request.POST if request.method == "POST" else request.GET
    return {
        "step": step,
        "progress": steps.progress(step, basket.evaluation, path),
        "back": steps.before(step, path),
        "onwards": steps.after(step, path),
        "returns": RETURN in source,
        "form": form,
        "has_errors": bool(form.errors),
        "basket": basket,
        "book": basket.book,
        "policy": basket.book.policy,
        "summary": summary(basket),
    }


def service_context(basket: Basket, form: ServiceForm) -> dict[str, Any]:
    """The cards of the service step and the fields of the service chosen in ``form``."""
    first, last = form.flight_dates
    return {
        "cards": options.chosen(options.service_cards(basket.book), form.service),
        "packages": options.package_cards(basket.book),
        "organizing": options.organizing_cards(basket),
        "specialty": options.specialty_rows(basket, form),
        "certificate": options.certificate_amount(basket),
        "directions": options.chosen(
            options.DIRECTIONS, form["blade_direction"].value() or Direction.TO_AIRPORT.value
        ),
        "airports": options.chosen(options.AIRPORT_CHOICES, form["blade_airport"].value()),
        "tax_rate": percent_words(basket.book.policy.tax_percent),
        "airport": options.airport_of(basket),
        "first_day": first,
        "last_day": last,
        "ready_time": ready_time(basket.request),
    }


def schedule_context(request: HttpRequest, basket: Basket, form: StepForm) -> dict[str, Any]:
    """The calendar and the windows, or the flight."""
    if basket.request.is_airport:
        return {"ready_time": ready_time(basket.request)}
    window = form["pickup_time"].value() if "pickup_time" in form.fields else ""
    return {
        "month": month_page(basket, request.GET.get("month", "")),
        "windows": options.chosen(options.windows(basket), window or PickupTime.MORNING.value),
        "certificate": options.certificate_amount(basket),
        "is_mini_move": basket.request.service_type == ServiceType.MINI_MOVE,
    }


def addresses_context(basket: Basket, form: AddressesForm) -> dict[str, Any]:
    """Both ends in order; the airport's own as text."""
    request = basket.request
    ends = (
        ("pickup", "Pickup", request.pickup_address),
        ("delivery", "Drop-off", request.delivery_address),
    )
    return {
        "ends": [
            {
                "side": side,
                "title": title,
                "locked": review.address_words(address) if side == request.airport_side else "",
            }
            | ({} if side == request.airport_side else _typed_end(basket, form, side))
            for side, title, address in ends
        ]
    }


def _typed_end(basket: Basket, form: AddressesForm, side: str) -> dict[str, Any]:
    """An end to fill in, for members with what they saved and a way to save more."""
    return {
        "helper": form.side_helper(side),
        "choices": options.saved_addresses(form, side),
        "filled": form.chosen(side),
        # What is chosen is saved already.
        "save": form[f"{side}_save"] if basket.member and not form.chosen(side) else None,
        "save_helper": form.save_helper(side),
    }


def context_of(request: HttpRequest, step: Step, basket: Basket, form: StepForm) -> dict[str, Any]:
    """The whole context of a step's page."""
    context = step_context(request, step, basket, form)
    match form:
        case ServiceForm():
            return context | service_context(basket, form)
        case ScheduleForm():
            return context | schedule_context(request, basket, form)
        case AddressesForm():
            return context | addresses_context(basket, form)
        case _:
            return context


def review_context(
    request: HttpRequest, basket: Basket, form: StepForm, *, draft_version: int
) -> dict[str, Any]:
    """The review page."""
    return step_context(request, steps.REVIEW, basket, form) | {
        "groups": review.review_groups(basket),
        "draft_version": draft_version,
        "terms_version": TERMS_VERSION,
        "cancelling": advance_terms(
            basket.request, basket.total_cents or 0, basket.book, basket.facts.now
        ),
        "unpaid": basket.booking,
    }
