"""allauth's pages as our customers see them. Which of them exist is the list in ``urls``."""

from typing import Any, Final, cast

from allauth.account import views as allauth_views
from allauth.account.adapter import get_adapter
from allauth.account.utils import complete_signup
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy

from totetaxi.account.identity import services, sessions
from totetaxi.users.models import User

#: What a browser knows of itself while its address is not confirmed: as which user it proved
#: itself by password, the address typed, and where to go on afterwards.
PROVEN: Final = "identity_proven"
TYPED_EMAIL: Final = "identity_email"
GO_ON: Final = "identity_next"


class FormPage:
    """A page that answers a form with mistakes by 422, and shows it again."""

    def form_invalid(self, form: Form) -> HttpResponse:
        """The page with what is to be put right."""
        context = self.get_context_data(form=form)  # type: ignore[attr-defined]  # A mixin: the view has it
        return self.render_to_response(context, status=422)  # type: ignore[attr-defined,no-any-return]  # The same


class SignIn(FormPage, allauth_views.LoginView):  # type: ignore[misc]  # allauth has no types
    """Sign in by email and password."""

    def form_valid(self, form: Form) -> HttpResponse:
        """Sign in, or go to the page that offers the link to confirm the address once more."""
        user: User = form.user  # type: ignore[attr-defined]  # allauth has no types
        note_unconfirmed(self.request, user, form.cleaned_data["login"], self.get_next_url())
        response: HttpResponse = super().form_valid(form)
        if self.request.user.is_authenticated:
            forget_unconfirmed(self.request)
            return response
        messages.warning(self.request, "Your email is not confirmed yet: open the link we sent.")
        return redirect("account_resend")


class SignUp(FormPage, allauth_views.SignupView):  # type: ignore[misc]  # allauth has no types
    """Make an account; the answer is the same for an address that has one."""

    def form_valid(self, form: Form) -> HttpResponse:
        """Save and mail in one transaction."""
        return sign_up(self.request, form, self.get_next_url())


class SignOut(allauth_views.LogoutView):  # type: ignore[misc]  # allauth has no types
    """A button, because a link could be followed by anything."""


class CheckYourMail(allauth_views.EmailVerificationSentView):  # type: ignore[misc]  # no types
    """Where the link was sent, and another one for whom it did not reach."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The address this browser typed, if it did."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "email": self.request.session.get(TYPED_EMAIL, "")}


class AskForReset(FormPage, allauth_views.PasswordResetView):  # type: ignore[misc]  # no types
    """Ask for a link to set a new password."""


class ResetAsked(allauth_views.PasswordResetDoneView):  # type: ignore[misc]  # allauth has no types
    """The same for every address."""


class NewPassword(FormPage, allauth_views.PasswordResetFromKeyView):  # type: ignore[misc]  # no types
    """Set a new password under a mailed link, which signs in here and out everywhere else."""

    def form_valid(self, form: Form) -> HttpResponse:
        """Save the password; who reads the mail also owns the address."""
        with transaction.atomic():
            joined = services.confirm_by_mail(self.request, self.reset_user)
            response: HttpResponse = super().form_valid(form)
            sessions.end_others(self.request, self.reset_user)
        forget_unconfirmed(self.request)
        tell_joined(self.request, joined)
        return response

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponseBase:
        """A link that is over is gone, whatever it was."""
        if context.get("token_fail"):
            kwargs["status"] = 410
        response: HttpResponseBase = super().render_to_response(context, **kwargs)
        return response


class ChangePassword(FormPage, allauth_views.PasswordChangeView):  # type: ignore[misc]  # no types
    """A new password for who knows the old one; other browsers are signed out by it."""

    success_url = reverse_lazy("account:profile")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Who has no password yet gets one by mail."""
        if not cast("User", request.user).has_usable_password():
            return redirect("account_reset_password")
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def form_valid(self, form: Form) -> HttpResponse:
        """Save, and have it mailed, in one transaction."""
        with transaction.atomic():
            response: HttpResponse = super().form_valid(form)
            sessions.end_others(self.request, cast("User", self.request.user))
        return response


def sign_up(request: HttpRequest, form: Any, go_on: str | None) -> HttpResponse:
    """Save a valid sign-up and have its link mailed; this browser then counts as the account's.

    Two at once for one address: the second is answered as one for an address that is known.
    """
    user: User | None = None
    try:
        with transaction.atomic():
            user, response = form.try_save(request)
            if user is not None:
                response = complete_signup(request, user, None, go_on)
    except IntegrityError:
        user, response = None, get_adapter(request).respond_email_verification_sent(request, None)
    note_unconfirmed(request, user, form.cleaned_data["email"], go_on)
    return cast("HttpResponse", response)


def note_unconfirmed(
    request: HttpRequest, user: User | None, email: str, go_on: str | None
) -> None:
    """Remember who this browser proved to be, until the address is confirmed."""
    request.session[PROVEN] = str(user.pk) if user else ""
    request.session[TYPED_EMAIL] = email
    request.session[GO_ON] = go_on or ""


def forget_unconfirmed(request: HttpRequest) -> str:
    """Forget it; where to go on, empty if nowhere in particular."""
    for key in (PROVEN, TYPED_EMAIL):
        request.session.pop(key, None)
    go_on: str = request.session.pop(GO_ON, "")
    return go_on


def tell_joined(request: HttpRequest, joined: int) -> None:
    """Say how many bookings have come into the account (rule R810)."""
    if joined == 1:
        messages.info(request, "The booking you made without an account is in your account now.")
    elif joined:
        messages.info(request, f"{joined} bookings made without an account are in yours now.")
