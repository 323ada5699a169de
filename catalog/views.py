"""Public pages about what we sell, where and for how much; every price is the price book's."""

from dataclasses import dataclass
from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog import coverage
from catalog.calendar_rules import earliest_day
from catalog.choices import AIRPORTS, ServiceType
from catalog.showcase import SERVICE_PAGES, shop_context
from totetaxi.lib import clock
from totetaxi.lib.access import audience
from totetaxi.lib.htmx import HtmxRequest, render_page
from totetaxi.lib.ratelimit import limit


@dataclass(frozen=True)
class ZipAnswer:
    """What we say about a ZIP: ``kind`` is core, surcharge, not_served, incomplete or ""."""

    kind: str = ""
    zip_code: str = ""
    place: str = ""


def zip_answer(text: str) -> ZipAnswer:
    """Judge a ZIP as typed (rules R330-R337)."""
    if not text.strip():
        return ZipAnswer("incomplete")
    zip_code = coverage.normalise_zip(text)
    if not zip_code:
        return ZipAnswer("incomplete")
    facts = coverage.lookup([zip_code]).get(zip_code)
    if facts is None:
        return ZipAnswer("not_served", zip_code)
    return ZipAnswer(facts.zone, zip_code, facts.place or facts.label)


@audience("public")
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What it is, what it costs, where it goes; the form leads into the wizard."""
    shown, now = shop_context(), clock.now()
    policy = shown["policy"]
    days = {
        # The earliest day of any service; the wizard asks again once it knows which.
        "first_day": earliest_day(ServiceType.STANDARD_DELIVERY, policy, now),
        "last_day": now.date() + timedelta(days=policy.horizon_days),
    }
    return render(request, "catalog/home.html", {**shown, **days})


@audience("public")
@require_safe
def services(request: HttpRequest) -> HttpResponse:
    """The three services beside each other."""
    return render(request, "catalog/services.html", {**shop_context()})


@audience("public")
@require_safe
def service(request: HttpRequest, slug: str) -> HttpResponse:
    """One service with all its prices; 404 for a name we do not sell."""
    if slug not in SERVICE_PAGES:
        raise Http404(f"No service {slug}")
    service_type, shown = SERVICE_PAGES[slug], shop_context()
    context = {**shown, "service": service_type, "airports": AIRPORTS.values()}
    if shop := shown["shop"]:
        context["date_additions"] = shop.date_additions(service_type, clock.today())
        context["single_pieces_any_day"] = shop.single_pieces_any_day(clock.today())
    return render(request, f"catalog/service_{slug.replace('-', '_')}.html", context)


@audience("public")
@limit("zip")
@require_safe
def zip_check(request: HtmxRequest) -> HttpResponse:
    """Whether we serve a ZIP: a page, or only ``#zip-result`` for the form on other pages."""
    context: dict[str, object] = {**shop_context()}
    if "zip" in request.GET:
        context["typed"] = request.GET["zip"][:20]
        context["answer"] = zip_answer(request.GET["zip"][:20])
    if not request.htmx:
        context["areas"] = coverage.areas()
    return render_page(
        request, "catalog/zip_check.html", context, partials={"zip-result": "result"}
    )
