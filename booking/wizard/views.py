"""The steps of the wizard: one URL each, and the server decides which may be opened."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.messages import get_messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from booking.models import Draft
from booking.wizard import prefill, steps
from booking.wizard.basket import Basket
from booking.wizard.forms import FORMS, DiscountForm, ServiceForm, StepForm
from booking.wizard.members import CONTACT_FIELDS, CONTACT_FROM
from booking.wizard.pages import RETURN, catalog_needed, context_of, review_context
from booking.wizard.session import (
    basket_of,
    current_basket,
    current_draft,
    finished_booking_id,
    forget_draft,
    note_shown_total,
    save_answers,
)
from booking.wizard.steps import REVIEW, Step
from totetaxi.lib.access import audience
from totetaxi.lib.htmx import HtmxRequest, render_page
from totetaxi.lib.money import usd
from totetaxi.lib.ratelimit import limit

MONTH_BUTTON: Final = re.compile(r"month-([0-9]{4}-[0-9]{2})")
#: Answers in a link that belong to later steps than the first.
BEYOND_SERVICE: Final = ("pickup_date", "pickup_zip_code", "delivery_zip_code")
#: The parts of a step that follow a choice above them: element id and name in the template.
PARTS: Final = {
    "service": {"service-fields": "fields", "organizing": "organizing", "flight": "flight"},
    "addresses": {"address-fields": "fields"},
}


def see_other(url: str) -> HttpResponse:
    """The answer to a POST: a page to GET."""
    return HttpResponseRedirect(url, status=303)


@audience("public")
@never_cache
@require_safe
@catalog_needed
def start(request: HttpRequest) -> HttpResponse:
    """Take over what a link already says, then go to the first step that needs the customer."""
    basket = current_basket(request)
    found = prefill.read(request.GET, basket)
    if found.changes:
        basket = _save(request, found.changes)
    for notice in found.notices:
        messages.warning(request, notice)
    if "package_type" in found.changes and not any(map(request.GET.get, BEYOND_SERVICE)):
        # From a size on a service page: packing and unpacking are offered with it.
        return see_other(steps.BY_SLUG["service"].url)
    return see_other(steps.first_incomplete(basket.evaluation).url)


@audience("public")
@never_cache
@limit("step", methods=("POST",), refreshes=True)
@require_http_methods(["GET", "HEAD", "POST"])
@catalog_needed
def step(request: HtmxRequest, slug: str) -> HttpResponse:
    """One step: shown from the saved answers, or its own answers taken."""
    if slug not in FORMS:
        raise Http404(f"No step {slug}")
    current = steps.BY_SLUG[slug]
    if request.method == "POST":
        return _take(request, current)
    basket = current_basket(request)
    if not steps.is_open(current, basket.evaluation):
        return _lead_back(request, basket)
    if request.htmx.target in PARTS.get(slug, {}):
        return _part(request, current, basket)
    form = FORMS[slug].from_answers(basket)
    form.judge_answered(basket.evaluation, basket.answers)
    return _page(request, current, basket, form)


@audience("public")
@never_cache
@limit("discount", methods=("POST",))
@require_http_methods(["GET", "HEAD", "POST"])
@catalog_needed
def review(request: HtmxRequest) -> HttpResponse:
    """Everything on one page, the discount code and the way to pay."""
    draft = current_draft(request)
    if draft is None and (booking_id := finished_booking_id(request)):
        # Back from the confirmation, or a second tab: what there was to do is done.
        return see_other(reverse("account:status", args=[booking_id]))
    basket = basket_of(request, draft)
    if draft is None or not steps.is_open(REVIEW, basket.evaluation):
        return _lead_back(request, basket)
    if request.method == "POST":
        return _change_code(request, draft, basket)
    form = DiscountForm.from_answers(basket)
    form.judge(basket.evaluation)
    _tell_of_new_price(request, draft, basket)
    context = review_context(request, basket, form, draft_version=draft.version)
    return render_page(request, "booking/review.html", context)


@audience("public")
@never_cache
@limit("step", methods=("POST",))
@require_http_methods(["GET", "HEAD", "POST"])
@catalog_needed
def reset(request: HttpRequest) -> HttpResponse:
    """Start over with nothing filled in, once that was confirmed on a page of its own."""
    draft = current_draft(request)
    waiting = basket_of(request, draft).booking
    if request.method != "POST":
        if draft is None:
            return see_other(reverse("booking:start"))
        return render(request, "booking/reset.html", {"unpaid": waiting})
    forget_draft(request)
    text = "All answers are cleared. Nothing was booked."
    if waiting is not None:
        text = (
            f"All answers are cleared. Order {waiting.booking_number} is not paid: it ends by"
            " itself, unless you pay on the payment page that is still open."
        )
    messages.info(request, text)
    return see_other(steps.BY_SLUG["service"].url)


def _page(
    request: HtmxRequest, current: Step, basket: Basket, form: StepForm, *, status: int = 200
) -> HttpResponse:
    context = context_of(request, current, basket, form)
    return render_page(request, f"booking/{current.slug}.html", context, status=status)


def _take(request: HtmxRequest, current: Step) -> HttpResponse:
    """Save this step's answers, then go on, or show the page again with what is to be fixed.

    What can be read is saved even when it cannot stand: nothing typed is lost, and no later step
    opens before it is put right.
    """
    form = FORMS[current.slug](request.POST, current_basket(request))
    keeping = request.POST.get("go") == "keep"
    if keeping and isinstance(form, ServiceForm) and form.reveals:
        # Only looking at another service: its first answer replaces what this one has.
        return HttpResponse(status=204)
    basket = _save(request, form.answers())
    if keeping:
        return HttpResponse(status=204)
    if not steps.is_open(current, basket.evaluation):
        return _lead_back(request, basket)
    if request.htmx.target in PARTS.get(current.slug, {}):
        return _fresh_part(request, current, basket)
    if elsewhere := _leads_elsewhere(request, current, basket, form):
        return see_other(elsewhere)
    if not form.judge(basket.evaluation):
        return _page(request, current, basket, form, status=422)
    if RETURN in request.POST:
        return see_other(steps.first_incomplete(basket.evaluation).url)
    return see_other(steps.after(current, basket.path(current)).url)


def _leads_elsewhere(request: HttpRequest, current: Step, basket: Basket, form: StepForm) -> str:
    """Where a button other than Continue leads; "" for Continue."""
    go = request.POST.get("go")
    if go == "back" and (previous := steps.before(current, basket.path(current))):
        return previous.url
    if go == "profile" and current == steps.CONTACT:
        _save(request, {**dict.fromkeys(CONTACT_FIELDS), CONTACT_FROM: None})
        return REVIEW.url
    return "" if form.errors else _stays_here(request, current, form)


def _save(request: HttpRequest, changes: Mapping[str, object]) -> Basket:
    """Save answers; the total they make is the one the next page shows."""
    draft = save_answers(request, changes)
    basket = basket_of(request, draft)
    note_shown_total(draft, basket.total_cents)
    return basket


def _stays_here(request: HttpRequest, current: Step, form: StepForm) -> str:
    """Where a button other than Continue leads: this step again; "" for Continue."""
    query = {RETURN: "review"} if RETURN in request.POST else {}
    go = request.POST.get("go", "")
    anchor = ""
    if isinstance(form, ServiceForm) and form.reveals:
        anchor = "service-fields"
    elif go == "price":
        anchor = "actions"
    elif month := MONTH_BUTTON.fullmatch(go):
        query["month"] = month[1]
        anchor = "calendar"
    return f"{current.url}?{urlencode(query)}#{anchor}" if anchor else ""


def _lead_back(request: HttpRequest, basket: Basket) -> HttpResponse:
    """To the first step that is not complete, saying so."""
    target = steps.first_incomplete(basket.evaluation)
    messages.info(request, f"First finish “{target.title}”. What you entered is kept.")
    return see_other(target.url)


def _part(request: HtmxRequest, current: Step, basket: Basket) -> HttpResponse:
    """The fields that depend on a choice just made, as typed so far; nothing is saved."""
    typed = FORMS[current.slug](request.GET, basket)
    if isinstance(typed, ServiceForm) and typed.reveals:
        basket = basket.with_answers({"service_type": typed.service})
    else:
        basket = basket.with_answers(typed.answers())
    return _fresh_part(request, current, basket)


def _fresh_part(request: HtmxRequest, current: Step, basket: Basket) -> HttpResponse:
    """A part of a step for these answers; the ticket follows once it is in the page."""
    form = FORMS[current.slug].from_answers(basket)
    context = context_of(request, current, basket, form)
    template = f"booking/{current.slug}.html"
    response = render_page(request, template, context, partials=PARTS[current.slug])
    response["HX-Trigger-After-Swap"] = "price-changed"
    return response


def _change_code(request: HtmxRequest, draft: Draft, basket: Basket) -> HttpResponse:
    """Use a discount code if it holds, or leave it out."""
    if request.POST.get("go") == "remove":
        _save(request, {"discount_code": None})
        return see_other(f"{REVIEW.url}#code")
    form = DiscountForm(request.POST, basket)
    code = form.answers()["discount_code"]
    if code:
        form.judge(basket.with_answers({"discount_code": code}).evaluation)
    elif not form.errors:
        form.add_error("discount_code", "Enter the code, then apply it.")
    if form.errors:
        context = review_context(request, basket, form, draft_version=draft.version)
        return render_page(request, "booking/review.html", context, status=422)
    _save(request, {"discount_code": code})
    return see_other(f"{REVIEW.url}#code")


def _tell_of_new_price(request: HttpRequest, draft: Draft, basket: Basket) -> None:
    """Say that the price moved since the customer last saw it (rule R507), once.

    The way back from a refused payment has said why already: then its message stands alone.
    """
    shown, total = draft.shown_total_cents, basket.total_cents
    if shown is not None and total is not None and shown != total and not get_messages(request):
        text = f"The price changed from {usd(shown)} to {usd(total)} since you last saw it."
        messages.warning(request, f"{text} Check it, then pay.")
    note_shown_total(draft, total)
