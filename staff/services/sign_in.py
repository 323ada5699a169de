"""Signing in to the office: password, second factor, then a session (rules R902-R906)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme

from staff import second_factor, sessions
from staff.models import ActionType, StaffAction, StaffProfile
from staff.services import tries
from totetaxi.lib.clock import real_now
from totetaxi.lib.ratelimit import UNKNOWN_ADDRESS, client_address

if TYPE_CHECKING:
    from totetaxi.users.models import User

PENDING_KEY = "staff_sign_in"
SECRET_KEY = "staff_enrolment"  # noqa: S105 (the name of a place)
# Between the password and the code.
PENDING_TIME = timedelta(minutes=15)


@dataclass(frozen=True)
class Pending:
    """Somebody whose password was right and whose second factor is still to come."""

    profile: StaffProfile
    next_url: str

    @property
    def user(self) -> "User":
        return self.profile.user


def safe_next(request: HttpRequest, url: str) -> str:
    """``url`` if it is a page of the office on this host, else the dashboard."""
    home = reverse("staff:dashboard")
    own = url_has_allowed_host_and_scheme(
        url, {request.get_host()}, require_https=request.is_secure()
    )
    rooms = (home, reverse("admin:index"))
    outside = (reverse("staff:login"), reverse("staff:logout"))
    if own and url.startswith(rooms) and not url.startswith(outside):
        return url
    return home


def person_of(request: HttpRequest, email: str, password: str) -> "User | None":
    """Who this is, if they work here and may come in. Takes as long for somebody unknown."""
    user = authenticate(request, username=email, password=password)
    profile = StaffProfile.objects.filter(user=user).first() if user else None
    if user is None or profile is None or not profile.is_active:
        return None
    return user


def needs_second_factor(user: "User") -> bool:
    """Whether a code is asked for: always if required, else of those who set one up."""
    return settings.STAFF_TOTP_REQUIRED or second_factor.is_enrolled(user)


def begin_pending(request: HttpRequest, user: "User", next_url: str) -> None:
    """Remember in the session that the password was right."""
    request.session[PENDING_KEY] = {
        "user": str(user.pk),
        "hash": user.get_session_auth_hash(),
        "at": real_now().isoformat(),
        "next": next_url,
    }


def pending_of(request: HttpRequest) -> Pending | None:
    """Who is halfway in; None if nobody, too long ago, or the password has changed since."""
    mark: Any = request.session.get(PENDING_KEY)
    if not isinstance(mark, dict):
        return None
    if real_now() - datetime.fromisoformat(mark["at"]) > PENDING_TIME:
        return None
    profile = StaffProfile.objects.select_related("user").filter(pk=mark["user"]).first()
    if profile is None or not profile.may_sign_in:
        return None
    if not constant_time_compare(mark["hash"], profile.user.get_session_auth_hash()):
        return None
    return Pending(profile, mark["next"])


@transaction.atomic
def finish(request: HttpRequest, profile: StaffProfile, *, second_factor: bool, how: str) -> None:
    """Sign the person in and write it down, with the address they came from."""
    address = client_address(request)
    profile.last_login_ip = None if address == UNKNOWN_ADDRESS else address
    profile.save(update_fields=["last_login_ip", "updated_at"])
    tries.forget(request, profile.user.email)
    sessions.begin(request, profile, second_factor=second_factor)
    for key in (PENDING_KEY, SECRET_KEY):
        request.session.pop(key, None)
    StaffAction.log_action(profile.user, ActionType.LOGIN, f"Signed in with {how}", request)


def enrolment_secret(request: HttpRequest) -> str:
    """The secret that the enrolment page shows, the same until it is used."""
    secret = request.session.get(SECRET_KEY)
    if not secret:
        secret = request.session[SECRET_KEY] = second_factor.new_secret()
    return str(secret)
