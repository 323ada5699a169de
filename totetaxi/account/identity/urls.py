"""The pages of identity, under /account/: allauth's names, and of its pages only these."""

from typing import Any

from django.urls import path
from django.views.decorators.cache import never_cache

from totetaxi.account.identity import pages, views
from totetaxi.lib.access import audience
from totetaxi.lib.ratelimit import Key, by_address, by_field, by_user, limit


def public(view: Any, rate: str = "", *, key: Key = by_address) -> Any:
    """A page for anyone; ``rate`` names the limit of its POSTs."""
    guarded = never_cache(view)
    if rate:
        guarded = _limited(guarded, rate, key)
    return audience("public")(guarded)


def customer(view: Any, rate: str = "") -> Any:
    """A page for who is signed in, counted by account."""
    return audience("customer")(_limited(never_cache(view), rate, by_user) if rate else view)


def _limited(view: Any, rate: str, key: Key) -> Any:
    """Views of one rate share a count."""
    group = f"identity_{rate}_{key.__name__}"
    return limit(rate, key=key, group=group, methods=("POST",))(view)


# By account as well: one that is guessed at from many addresses.
sign_in = _limited(pages.SignIn.as_view(), "sign_in", by_field("login"))
# Nobody’s inbox is filled from many addresses either.
ask_for_reset = _limited(pages.AskForReset.as_view(), "reset", by_field("email"))
# Mounted beside the booking's other pages; a sign-up like any other.
make_account = public(views.make_account, "sign_up")

urlpatterns = [
    path("login/", public(sign_in, "sign_in"), name="account_login"),
    path("logout/", public(pages.SignOut.as_view(), "sign_out"), name="account_logout"),
    path("signup/", public(pages.SignUp.as_view(), "sign_up"), name="account_signup"),
    path(
        "confirm-email/",
        public(pages.CheckYourMail.as_view()),
        name="account_email_verification_sent",
    ),
    path("confirm-email/again/", public(views.resend_link, "resend"), name="account_resend"),
    path(
        "confirm-email/<str:key>/",
        public(views.confirm_email, "verify"),
        name="account_confirm_email",
    ),
    path("email/", customer(views.change_email, "identity_change"), name="account_email"),
    path(
        "password/change/",
        customer(pages.ChangePassword.as_view(), "identity_change"),
        name="account_change_password",
    ),
    path(
        "password/reset/",
        public(ask_for_reset, "reset"),
        name="account_reset_password",
    ),
    path(
        "password/reset/done/",
        public(pages.ResetAsked.as_view()),
        name="account_reset_password_done",
    ),
    path(
        "password/reset/key/<str:uidb36>/<str:key>/",
        public(pages.NewPassword.as_view(), "new_password"),
        name="account_reset_password_from_key",
    ),
    path("sessions/", customer(views.list_sessions, "identity_change"), name="usersessions_list"),
]
