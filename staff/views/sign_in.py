"""Signing in to the office: email and password, then a code of an authenticator app."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from staff import invitations, second_factor, sessions
from staff.forms import CodeForm, EnrolForm, NewPasswordForm, RecoveryForm, SignInForm
from staff.models import ActionType, StaffAction
from staff.services import sign_in, team, tries
from staff.services.sign_in import Pending
from staff.views.own_account import show_recovery_codes
from totetaxi.lib.access import audience
from totetaxi.lib.htmx import HtmxRequest
from totetaxi.lib.ratelimit import limit

INVITATION_KEY = "staff_invitation"
WRONG = "This email and password do not open the office. Check both and try again."
WRONG_CODE = "This code does not fit. Wait for the next one and type that."
WRONG_RECOVERY = "This is none of your unused recovery codes."
form_page = require_http_methods(["GET", "HEAD", "POST"])


def locked_message(answer: tries.Answer) -> str:
    """What somebody who is locked out is told; the same whether or not the account exists."""
    minutes = answer.locked_minutes
    return (
        f"There were too many wrong tries. Try again in {minutes} minute"
        f"{'' if minutes == 1 else 's'}, or ask an administrator to unlock you."
    )


@audience("public")
@never_cache
@limit("staff_login", group="staff_login", methods=("POST",))
@form_page
def login(request: HtmxRequest) -> HttpResponse:
    """Email and password. Who is in already goes on to where they wanted."""
    asked = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME, "")
    next_url = sign_in.safe_next(request, asked)
    profile = sessions.profile_of(request)
    if profile is not None and sessions.is_valid(request, profile):
        return redirect(next_url)
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        response = _with_password(request, form, next_url)
        if response is not None:
            return response
    context = {"form": form, "next": next_url, "next_name": REDIRECT_FIELD_NAME}
    return render(request, "staff/sign_in/login.html", context)


def _with_password(request: HtmxRequest, form: SignInForm, next_url: str) -> HttpResponse | None:
    """Where to go with these; None, and an error in the form, if they are wrong."""
    email, password = form.cleaned_data["email"], form.cleaned_data["password"]
    answer = tries.guarded(
        request, email, lambda: sign_in.person_of(request, email, password), what="password"
    )
    user = answer.found
    if user is None:
        form.add_error(None, locked_message(answer) if answer.locked_seconds else WRONG)
        return None
    if not sign_in.needs_second_factor(user):
        sign_in.finish(request, user.staff_profile, second_factor=False, how="a password")
        return redirect(next_url)
    sign_in.begin_pending(request, user, next_url)
    enrolled = second_factor.is_enrolled(user)
    return redirect("staff:login_code" if enrolled else "staff:login_enrol")


@audience("public")
@never_cache
@limit("staff_login", group="staff_login_code", methods=("POST",))
@form_page
def code(request: HtmxRequest) -> HttpResponse:
    """The six digits of the app."""
    return _second_step(
        request, CodeForm, second_factor.check_code, wrong=WRONG_CODE, how="a code of their app"
    )


@audience("public")
@never_cache
@limit("staff_login", group="staff_login_code", methods=("POST",))
@form_page
def recovery(request: HtmxRequest) -> HttpResponse:
    """One of the recovery codes, without the app."""
    response = _second_step(
        request,
        RecoveryForm,
        second_factor.check_recovery_code,
        wrong=WRONG_RECOVERY,
        how="a recovery code",
    )
    if request.method == "POST" and request.user.is_authenticated and response.status_code == 302:
        left = second_factor.recovery_codes_left(request.user)
        messages.warning(request, f"You have {left} recovery codes left.")
    return response


def _second_step(
    request: HtmxRequest,
    form_class: type[forms.Form],
    check: Callable[[Any, str], bool],
    *,
    wrong: str,
    how: str,
) -> HttpResponse:
    """Ask for a code, and finish the sign-in with the right one."""
    pending = sign_in.pending_of(request)
    if pending is None or not second_factor.is_enrolled(pending.user):
        return redirect("staff:login")
    form = form_class(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user, typed = pending.user, form.cleaned_data["code"]
        answer = tries.guarded(
            request, user.email, lambda: user if check(user, typed) else None, what="code"
        )
        if answer.right:
            sign_in.finish(request, pending.profile, second_factor=True, how=how)
            return redirect(pending.next_url)
        form.add_error("code", locked_message(answer) if answer.locked_seconds else wrong)
    context = {"form": form, "by_recovery_code": form_class is RecoveryForm}
    return render(request, "staff/sign_in/code.html", context)


@audience("public")
@never_cache
@limit("staff_login", group="staff_login_code", methods=("POST",))
@form_page
def enrol(request: HtmxRequest) -> HttpResponse:
    """Set an authenticator app up, at the first sign-in."""
    pending = sign_in.pending_of(request)
    if pending is None or second_factor.is_enrolled(pending.user):
        return redirect("staff:login")
    secret = sign_in.enrolment_secret(request)
    form = EnrolForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        codes = second_factor.enrol(pending.user, secret, form.cleaned_data["code"])
        if codes is not None:
            return _enrolled(request, pending, codes)
        form.add_error("code", WRONG_CODE)
    context = {"form": form, "enrolment": second_factor.enrolment(pending.user, secret)}
    return render(request, "staff/sign_in/enrol.html", context)


def _enrolled(request: HtmxRequest, pending: Pending, codes: list[str]) -> HttpResponse:
    sign_in.finish(request, pending.profile, second_factor=True, how="a newly set up app")
    return show_recovery_codes(request, codes, pending.next_url)


@audience("public")
@never_cache
@limit("sign_out")
@require_POST
def logout(request: HtmxRequest) -> HttpResponse:
    """Sign out."""
    profile = sessions.profile_of(request)
    if profile is not None:
        StaffAction.log_action(profile.user, ActionType.LOGOUT, "Signed out", request)
        sessions.end(request)
        messages.success(request, "You are signed out.")
    return redirect("staff:login")


@audience("public")
@never_cache
@limit("staff_login", group="staff_set_password")
@require_safe
def set_password(request: HtmxRequest, token: str) -> HttpResponse:
    """The link of an invitation: keeps the token out of the address of the form."""
    if invitations.profile_for(token) is None:
        return render(request, "staff/sign_in/link_ended.html", status=410)
    request.session[INVITATION_KEY] = token
    return redirect("staff:new_password")


@audience("public")
@never_cache
@limit("staff_login", group="staff_new_password", methods=("POST",))
@form_page
def new_password(request: HtmxRequest) -> HttpResponse:
    """Choose a password, after the link of an invitation."""
    profile = invitations.profile_for(request.session.get(INVITATION_KEY, ""))
    if profile is None:
        return render(request, "staff/sign_in/link_ended.html", status=410)
    form = NewPasswordForm(profile.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            password = form.cleaned_data["password"]
            team.set_password(request, profile, password, how="the link of an invitation")
        del request.session[INVITATION_KEY]
        messages.success(request, "Your password is set. Sign in with it.")
        return redirect(reverse("staff:login"))
    return render(request, "staff/sign_in/new_password.html", {"form": form, "person": profile})
