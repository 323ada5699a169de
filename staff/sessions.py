"""Sessions of the office: 12 hours at most, and over at once when the person's standing changes.

A session counts only if the office's own sign-in made it, whatever else signed its user in.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest

from staff.models import StaffProfile
from totetaxi.lib.clock import real_now

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase

SESSION_KEY = "staff"
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


def begin(request: HttpRequest, profile: StaffProfile, *, second_factor: bool) -> None:
    """Sign the person in, under a new session key, for STAFF_SESSION_HOURS from now (R906)."""
    login(request, profile.user, backend=MODEL_BACKEND)
    mark(request.session, profile, second_factor=second_factor)


def mark(session: "SessionBase", profile: StaffProfile, *, second_factor: bool) -> None:
    """Make a session one of the office's."""
    now = real_now()
    session[SESSION_KEY] = {
        "since": now.isoformat(),
        "stamp": profile.stamp,
        "second_factor": second_factor,
    }
    session.set_expiry(now + timedelta(hours=settings.STAFF_SESSION_HOURS))


def restamp(request: HttpRequest, profile: StaffProfile) -> None:
    """Keep this one session when ``profile``'s stamp has changed by its own doing."""
    request.session[SESSION_KEY] = {**request.session[SESSION_KEY], "stamp": profile.stamp}


def profile_of(request: HttpRequest) -> StaffProfile | None:
    """The profile of the user who is signed in, valid session or not; None for customers."""
    if not request.user.is_authenticated:
        return None
    user = request.user
    profile = StaffProfile.objects.filter(pk=user.pk).first()
    if profile is not None:
        profile.user = user
    return profile


def is_valid(request: HttpRequest, profile: StaffProfile) -> bool:
    """Whether the session was made by the office's sign-in and still holds."""
    mark = request.session.get(SESSION_KEY)
    if not isinstance(mark, dict) or not profile.may_sign_in:
        return False
    if settings.STAFF_TOTP_REQUIRED and not mark["second_factor"]:
        return False
    age = real_now() - datetime.fromisoformat(mark["since"])
    in_time = timedelta(0) <= age < timedelta(hours=settings.STAFF_SESSION_HOURS)
    return in_time and mark["stamp"] == profile.stamp


def end(request: HttpRequest) -> None:
    """Sign out; nothing of the session is kept."""
    logout(request)
