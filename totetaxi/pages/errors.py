"""The pages for what went wrong. Each says what to do next and gives the phone number."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string

from catalog.context import Company


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: a request no page of ours makes."""
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: signed in, but not for this."""
    return render(request, "403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form without its token, mostly because the page was open for too long."""
    return render(request, "403.html", {"expired": True}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, rendered without request, database, session or cache: any of them may be the reason."""
    context = {"company": Company(phone=settings.BUSINESS_PHONE)}
    return HttpResponseServerError(render_to_string("500.html", context))
