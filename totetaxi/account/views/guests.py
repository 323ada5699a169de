"""Guests: asking for a link to a booking, and using it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from totetaxi.account.access import let_in
from totetaxi.account.guests import links
from totetaxi.account.guests.forms import FindForm
from totetaxi.lib.access import audience
from totetaxi.lib.htmx import HtmxRequest
from totetaxi.lib.ratelimit import count, limit, too_many_requests


@audience("public")
@never_cache
@limit("find_booking", methods=("POST",))
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HtmxRequest) -> HttpResponse:
    """Ask for a link; the answer is the same whether there is such a booking (rule R850)."""
    form = FindForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        email = form.cleaned_data["email"]
        if seconds := count(request, "find_booking_email", value=email):
            return too_many_requests(request, seconds)
        links.ask_for_link(form.cleaned_data["booking_number"], email)
        return HttpResponseRedirect(f"{reverse('account:find')}?sent=1", status=303)
    context = {"form": form, "sent": "sent" in request.GET and not form.is_bound}
    return render(request, "account/find.html", context, status=422 if form.is_bound else 200)


@audience("public")
@never_cache
@limit("booking_link", methods=("POST",))
@require_http_methods(["GET", "HEAD", "POST"])
def manage(request: HttpRequest, token: str) -> HttpResponse:
    """A mailed link: a button that opens the booking (rule R851).

    Only the button uses the link up: programs that follow links in mails change nothing.
    """
    if request.method == "POST" and (booking_id := links.use_link(token)):
        let_in(request, booking_id)
        messages.success(request, "Here is your booking. This browser can open it for a day.")
        return HttpResponseRedirect(reverse("account:status", args=[booking_id]), status=303)
    if request.method != "POST" and links.is_usable(token):
        return render(request, "account/manage.html", {"token": token})
    return render(request, "account/manage_ended.html", status=410)
