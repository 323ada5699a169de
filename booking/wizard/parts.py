"""The parts of a step that refresh by themselves; each also answers as a whole page."""

from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from booking.wizard import steps
from booking.wizard.basket import Basket
from booking.wizard.forms import FORMS, ServiceForm, card_of
from booking.wizard.options import specialty_rows
from booking.wizard.pages import catalog_needed, schedule_context, step_context
from booking.wizard.session import current_basket
from booking.wizard.summary import summary
from catalog import coverage
from catalog.choices import ServiceType
from catalog.price_lines import distance_lines, service_lines
from catalog.pricing import ready_time
from catalog.request import AddressInput, ZipFacts
from totetaxi.lib.access import audience
from totetaxi.lib.htmx import HtmxRequest, render_page
from totetaxi.lib.ratelimit import limit


@audience("public")
@limit("preview")
@never_cache
@require_safe
@catalog_needed
def quote(request: HtmxRequest) -> HttpResponse:
    """The ticket for the answers of ``?step=`` as they stand in the form, saved or not."""
    basket = current_basket(request, priced_only=True)
    form_class = FORMS.get(request.GET.get("step", ""))
    if form_class is not None:
        answers = form_class(request.GET, basket).answers()
        basket = basket.with_answers(answers)
    is_service_step = form_class is ServiceForm
    context = {
        "summary": summary(basket),
        "basket": basket,
        "ready_time": ready_time(basket.request),
        # These stand in the form of the service step, and only there.
        "shows_flight": is_service_step and basket.request.is_airport,
        "specialty": specialty_rows(basket) if is_service_step and _is_delivery(basket) else (),
    }
    return render_page(request, "booking/quote.html", context, partials={"summary": "refreshed"})


def _is_delivery(basket: Basket) -> bool:
    return card_of(basket.request.service_type) == ServiceType.STANDARD_DELIVERY


@audience("public")
@limit("calendar")
@never_cache
@require_safe
@catalog_needed
def calendar(request: HtmxRequest) -> HttpResponse:
    """A month of the calendar: the grid alone, or the schedule step with that month open."""
    step = steps.BY_SLUG["schedule"]
    basket = current_basket(request)
    if not steps.is_open(step, basket.evaluation) or basket.request.is_airport:
        return redirect(steps.first_incomplete(basket.evaluation).url)
    if "pickup_date" in request.GET:
        form = FORMS["schedule"](request.GET, basket)
        basket = basket.with_answers({"pickup_date": form.answers()["pickup_date"]})
    form = FORMS["schedule"].from_answers(basket)
    context = step_context(request, step, basket, form) | schedule_context(request, basket, form)
    return render_page(request, "booking/schedule.html", context, partials={"calendar": "calendar"})


@audience("public")
@limit("zip")
@never_cache
@require_safe
@catalog_needed
def zip_check(request: HtmxRequest) -> HttpResponse:
    """Whether we serve the ZIP of ``?side=``, and what its distance adds to this order."""
    side = "delivery" if request.GET.get("side") == "delivery" else "pickup"
    typed = request.GET.get(f"{side}_zip_code", request.GET.get("zip", ""))[:20].strip()
    basket = current_basket(request, priced_only=True)
    key = coverage.normalise_zip(typed)
    known = coverage.lookup([key]).get(key)
    context = {
        "typed": typed,
        # Nothing is said about a ZIP that is still being typed.
        "is_unreadable": len(typed) >= 5 and not key,
        "zip_code": key,
        "known": known,
        "reasons": _distance_reasons(basket, key, known) if known else (),
    }
    targets = {f"{end}-zip-answer": "answer" for end in ("pickup", "delivery")}
    return render_page(request, "booking/zip.html", context, partials=targets)


def _distance_reasons(basket: Basket, zip_code: str, known: ZipFacts) -> tuple[str, ...]:
    """What one end at this ZIP adds to the order, in the words of the price line."""
    alone = replace(
        basket.request,
        pickup_address=AddressInput(zip_code=zip_code),
        delivery_address=AddressInput(),
    )
    if alone.is_airport:
        return ()
    goods = service_lines(alone, basket.book) or ()
    cents = sum(line.cents for line in goods)
    lines = distance_lines(alone, basket.book, {zip_code: known}, cents)
    return tuple(line.reason for line in lines)
