"""The browsers a customer is signed in with. allauth notes them; we look at all of them at once."""

from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from totetaxi.users.models import User


def sessions_of(user: User) -> "QuerySet[UserSession]":
    """Sessions that have not ended, the newest first."""
    live = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    return UserSession.objects.filter(user=user, session_key__in=live).order_by("-created_at")  # type: ignore[no-any-return]  # allauth has no types


def note_sign_in(request: HttpRequest, user: User, **_: Any) -> None:
    """Remember this browser, and forget those whose session has ended.

    In the place of allauth's own receiver, which asks the database for each session by itself.
    """
    ended = UserSession.objects.filter(user=user)
    ended.exclude(pk__in=sessions_of(user).values("pk")).delete()
    UserSession.objects.create_from_request(request)


def end_others(request: HttpRequest, user: User) -> None:
    """Sign the user out in every browser but this one."""
    others = UserSession.objects.filter(user=user).exclude(session_key=request.session.session_key)
    Session.objects.filter(session_key__in=others.values("session_key")).delete()
    others.delete()
