"""One's own account in the office: password, authenticator app, recovery codes."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from staff import second_factor, sessions
from staff.access import Capability, StaffRequest, staff_page
from staff.audit import log_action
from staff.capabilities import WHO_CAN, WORDS
from staff.forms import ChangePasswordForm, CodeForm, EnrolForm
from staff.models import ActionType
from staff.services import sign_in, team, tries

# The recovery codes are in the session from when they are made until they are said to be kept.
CODES_KEY = "staff_new_codes"
NEXT_KEY = "staff_after_codes"
WRONG_PASSWORD = "This is not your current password."  # noqa: S105
WRONG_CODE = "This code does not fit. Wait for the next one and type that."
LOCKED = "There were too many wrong tries. Try again in half an hour."
form_page = require_http_methods(["GET", "HEAD", "POST"])


@staff_page(Capability.VIEW, rate="detail")
@require_safe
def own_account(request: StaffRequest) -> HttpResponse:
    """What one may do here, and how one signs in."""
    rights = [(WHO_CAN[right], WORDS[right], request.staff.can(right)) for right in Capability]
    context = {
        "rights": rights,
        "enrolled": second_factor.is_enrolled(request.user),
        "codes_left": second_factor.recovery_codes_left(request.user),
    }
    return render(request, "staff/account/own.html", context)


@staff_page(Capability.VIEW, rate="change")
@form_page
def own_password(request: StaffRequest) -> HttpResponse:
    """Change one's own password; this session goes on, all others end."""
    user = request.user
    form = ChangePasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        current = form.cleaned_data["current"]
        answer = tries.guarded(
            request,
            user.email,
            lambda: user if user.check_password(current) else None,
            what="current password",
        )
        if answer.right:
            return _change_password(request, form.cleaned_data["password"])
        form.add_error("current", LOCKED if answer.locked_seconds else WRONG_PASSWORD)
    return render(request, "staff/account/password.html", {"form": form})


@transaction.atomic
def _change_password(request: StaffRequest, password: str) -> HttpResponse:
    profile = team.set_password(request, request.staff, password, how="the current password")
    update_session_auth_hash(request, profile.user)
    sessions.restamp(request, profile)
    messages.success(request, "Your password is changed. You are signed out everywhere else.")
    return redirect("staff:own_account")


@staff_page(Capability.VIEW, rate="change")
@form_page
def own_app(request: StaffRequest) -> HttpResponse:
    """Set an authenticator app up where none is required; one that is there stays."""
    if second_factor.is_enrolled(request.user):
        return redirect("staff:own_account")
    secret = sign_in.enrolment_secret(request)
    form = EnrolForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            codes = second_factor.enrol(request.user, secret, form.cleaned_data["code"])
            if codes is not None:
                text = "Set up their own authenticator app"
                log_action(request, ActionType.MANAGE_STAFF, text)
        if codes is not None:
            del request.session[sign_in.SECRET_KEY]
            sessions.mark(request.session, request.staff, second_factor=True)
            return show_recovery_codes(request, codes, "")
        form.add_error("code", WRONG_CODE)
    enrolment = second_factor.enrolment(request.user, secret)
    return render(request, "staff/account/app.html", {"form": form, "enrolment": enrolment})


def show_recovery_codes(request: HttpRequest, codes: list[str], next_url: str) -> HttpResponse:
    """Keep new codes for the one page that shows them, and go there."""
    request.session[CODES_KEY] = codes
    request.session[NEXT_KEY] = next_url
    return redirect("staff:recovery_codes")


@staff_page(Capability.VIEW, rate="detail")
@require_safe
def recovery_codes(request: StaffRequest) -> HttpResponse:
    """New recovery codes, until they are said to be kept; then never again."""
    codes: Any = request.session.get(CODES_KEY)
    if not codes:
        return redirect("staff:own_account")
    return render(request, "staff/account/recovery_codes.html", {"codes": codes})


@staff_page(Capability.VIEW, rate="detail")
@require_safe
def recovery_file(request: StaffRequest) -> HttpResponse:
    """The same codes as a text file."""
    codes: Any = request.session.get(CODES_KEY)
    if not codes:
        return redirect("staff:own_account")
    lines = [
        "Recovery codes of ToteTaxi’s office. Each works once.",
        request.user.email,
        "",
        *codes,
    ]
    response = HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="totetaxi-recovery-codes.txt"'
    return response


@staff_page(Capability.VIEW, rate="change")
@require_POST
def recovery_kept(request: StaffRequest) -> HttpResponse:
    """The codes are written down: forget them here, and go on to where one was going."""
    request.session.pop(CODES_KEY, None)
    return redirect(sign_in.safe_next(request, request.session.pop(NEXT_KEY, "")))


@staff_page(Capability.VIEW, rate="change")
@form_page
def recovery_new(request: StaffRequest) -> HttpResponse:
    """Ten new recovery codes instead of the old ones, for a code of the app."""
    user = request.user
    if not second_factor.is_enrolled(user):
        return redirect("staff:own_account")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data["code"]
        answer = tries.guarded(
            request,
            user.email,
            lambda: user if second_factor.check_code(user, typed) else None,
            what="code",
        )
        if answer.right:
            with transaction.atomic():
                codes = second_factor.new_recovery_codes(user)
                log_action(request, ActionType.MANAGE_STAFF, "Made their own recovery codes anew")
            return show_recovery_codes(request, codes, "")
        form.add_error("code", LOCKED if answer.locked_seconds else WRONG_CODE)
    return render(request, "staff/account/recovery_new.html", {"form": form})
