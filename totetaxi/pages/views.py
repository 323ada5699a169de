"""Plain pages: about, questions, terms, privacy, contact; sitemap and robots."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking.terms import TERMS_VERSION
from catalog.context import company_facts
from catalog.showcase import SERVICE_PAGES, shop_context
from totetaxi.lib.access import audience
from totetaxi.lib.ratelimit import limit
from totetaxi.pages import services
from totetaxi.pages.context import ANNOUNCEMENT_COOKIE, mark_of
from totetaxi.pages.forms import ContactForm
from totetaxi.pages.legal import PRIVACY_VERSION

#: What search engines may show: URL name, importance, how often it changes.
SITEMAP: Final = (
    ("catalog:home", "1.0", "weekly"),
    ("catalog:services", "0.9", "weekly"),
    ("booking:start", "0.9", "weekly"),
    ("catalog:zip_check", "0.7", "monthly"),
    ("pages:about", "0.7", "monthly"),
    ("pages:contact", "0.7", "monthly"),
    ("pages:faq", "0.6", "monthly"),
    ("pages:terms", "0.3", "yearly"),
    ("pages:privacy", "0.3", "yearly"),
)


@audience("public")
@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """Who we are and what we do."""
    return render(request, "pages/about.html")


@audience("public")
@require_safe
def faq(request: HttpRequest) -> HttpResponse:
    """Questions and answers; amounts and cut-offs are the catalog's."""
    return render(request, "pages/faq.html", {**shop_context()})


@audience("public")
@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """The terms of service, with the version that bookings store."""
    return render(request, "pages/terms.html", {**shop_context(), "terms_version": TERMS_VERSION})


@audience("public")
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What we know about people, and what for."""
    return render(request, "pages/privacy.html", {"privacy_version": PRIVACY_VERSION})


@audience("public")
@limit("contact", methods=("POST",))
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest) -> HttpResponse:
    """Where we are, and a form that reaches the office by mail."""
    form = ContactForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        if not form.is_robot:  # A robot is told the same, and nothing is stored.
            services.receive(form.save(commit=False))
        messages.success(request, "Thank you. Your message is with us; we answer by email.")
        return redirect("pages:contact")
    status = 422 if form.is_bound else 200
    return render(request, "pages/contact.html", {"form": form}, status=status)


@audience("public")
@limit("announcement")
@require_POST
def close_announcement(request: HttpRequest) -> HttpResponse:
    """Remember in a cookie that this visitor has read the announcement of now; back to the page."""
    next_url = request.POST.get("next", "")
    is_here = url_has_allowed_host_and_scheme(next_url, {request.get_host()}, request.is_secure())
    response = HttpResponseRedirect(next_url if is_here else reverse("catalog:home"), status=303)
    response.set_cookie(
        ANNOUNCEMENT_COOKIE,
        mark_of(company_facts().announcement.strip()),
        max_age=timedelta(days=365),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@audience("public")
@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """The pages search engines may show."""
    entries = [(reverse(name), priority, change) for name, priority, change in SITEMAP]
    entries[2:2] = [
        (reverse("catalog:service", args=[slug]), "0.9", "weekly") for slug in SERVICE_PAGES
    ]
    context = {"site_url": settings.SITE_URL, "entries": entries}
    return render(request, "pages/sitemap.xml", context, content_type="application/xml")


@audience("public")
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What robots may read: everything public."""
    context = {"site_url": settings.SITE_URL}
    return render(request, "pages/robots.txt", context, content_type="text/plain")
