"""Pages of identity that are ours alone: confirming an address, the link again, changing it."""

from uuid import UUID

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import perform_login
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from booking.ownership import placed_here
from totetaxi.account.access import visible_booking
from totetaxi.account.identity import pages, services, sessions
from totetaxi.account.identity.devices import device_words
from totetaxi.account.identity.forms import (
    EmailChangeForm,
    MakeAccountForm,
    PasswordProof,
    ResendForm,
)
from totetaxi.users.models import User

CONFIRM_PAGE = "account/email_confirm.html"


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_email(request: HttpRequest, key: str) -> HttpResponse:
    """A button that confirms an address and signs in; opening the page changes nothing.

    A browser that is not known to be the account's also has to give its password: else an account
    that a stranger made with this address could be confirmed by its owner unawares (rule R807).
    """
    confirmation = EmailConfirmationHMAC.from_key(key)
    if confirmation is None:
        return render(request, CONFIRM_PAGE, {"over": True}, status=410)
    address: EmailAddress = confirmation.email_address
    form = None
    if not _is_at_home(request, address.user):
        form = PasswordProof(request.POST if request.method == "POST" else None, user=address.user)
    if request.method == "POST" and (form is None or form.is_valid()):
        return _confirmed(request, address)
    context = {"address": address, "person": address.user, "form": form}
    status = 422 if form is not None and form.is_bound else 200
    return render(request, CONFIRM_PAGE, context, status=status)


def _is_at_home(request: HttpRequest, user: User) -> bool:
    """Whether this browser is signed in as the user, or proved to be theirs by password."""
    return request.user == user or request.session.get(pages.PROVEN) == str(user.pk)


def _confirmed(request: HttpRequest, address: EmailAddress) -> HttpResponse:
    """Confirm, tell about bookings that joined, sign in, and go on where it was left."""
    joined = services.confirm(request, address)
    if joined is None:
        return render(request, CONFIRM_PAGE, {"over": True}, status=410)
    go_on = pages.forget_unconfirmed(request)
    if request.user == address.user:
        response: HttpResponse = redirect("account_email")
    else:
        user = User.objects.get(pk=address.user_id)
        response = perform_login(request, user, redirect_url=go_on or None)
    messages.success(request, f"{address.email} is confirmed.")
    pages.tell_joined(request, joined)
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def resend_link(request: HttpRequest) -> HttpResponse:
    """The link to confirm an address once more; the same answer for every address."""
    typed = request.session.get(pages.TYPED_EMAIL, "")
    form = ResendForm(request.POST if request.method == "POST" else None, initial={"email": typed})
    if form.is_bound and form.is_valid():
        services.resend_confirmation(form.cleaned_data["email"])
        request.session[pages.TYPED_EMAIL] = form.cleaned_data["email"]
        return redirect("account_email_verification_sent")
    status = 422 if form.is_bound else 200
    return render(request, "account/resend.html", {"form": form}, status=status)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def change_email(request: HttpRequest) -> HttpResponse:
    """Ask for another address; it becomes the account's once its link is used."""
    user = _signed_in(request)
    if request.method == "POST" and "drop" in request.POST:
        services.drop_email_change(user)
        return redirect("account_email")
    form = EmailChangeForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_bound and form.is_valid():
        services.ask_for_email_change(user, form.cleaned_data["email"])
        return redirect("account_email")
    wanted = EmailAddress.objects.filter(user=user, verified=False).first()
    context = {"form": form, "wanted": wanted}
    return render(request, "account/email_change.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def list_sessions(request: HttpRequest) -> HttpResponse:
    """The browsers that are signed in, and a button that signs out all but this one."""
    user = _signed_in(request)
    if request.method == "POST":
        sessions.end_others(request, user)
        messages.success(request, "You are signed out everywhere else.")
        return redirect("usersessions_list")
    here = request.session.session_key
    rows = [
        {
            "device": device_words(session.user_agent),
            "address": session.ip,
            "since": session.created_at,
            "is_current": session.session_key == here,
        }
        for session in sessions.sessions_of(user)
    ]
    others = any(not row["is_current"] for row in rows)
    return render(request, "account/sessions.html", {"rows": rows, "others": others})


def _signed_in(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user


@never_cache
@sensitive_post_parameters("password1")
@require_http_methods(["GET", "HEAD", "POST"])
def make_account(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """An account in one field, for the browser that placed a booking without one (rule R811)."""
    booking = visible_booking(booking_id)
    is_theirs = placed_here(request, booking.pk) and booking.customer_id is None
    if not is_theirs or request.user.is_authenticated:
        raise Http404
    form = MakeAccountForm(request.POST if request.method == "POST" else None, booking=booking)
    if form.is_bound and form.is_valid():
        return pages.sign_up(request, form, reverse("account:status", args=[booking.pk]))
    context = {"form": form, "booking": booking}
    return render(request, "account/make_account.html", context, status=422 if form.errors else 200)
