"""The team: who works here, with which rights."""

from collections.abc import Callable, Mapping
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from staff.access import Capability, StaffRequest, staff_page
from staff.forms import MemberForm, NewMemberForm, member_values
from staff.models import ActionType, StaffAction, StaffProfile, StaffProfileQuerySet
from staff.services import team as service
from staff.services import tries
from staff.services.team import TeamError
from staff.tables import ordering, page_of

SORTS = {
    "name": ("user__first_name", "user__last_name", "user__email"),
    "role": ("role", "user__email"),
    "last": ("user__last_login", "user__email"),
}
Act = Callable[[StaffRequest, UUID], StaffProfile]
# What each button does, and says when it is done.
ACTS: Mapping[str, tuple[Act, str]] = {
    "deactivate": (service.deactivate, "{} is deactivated and signed out."),
    "reactivate": (service.reactivate, "{} may sign in again."),
    "unlock": (service.unlock, "{} may try to sign in again."),
    "reset-app": (
        service.reset_second_factor,
        "{} sets up an authenticator app at the next sign-in.",
    ),
    "invite": (service.invite, "A link to set a password is on its way to {}."),
}
form_page = require_http_methods(["GET", "HEAD", "POST"])


def profiles() -> StaffProfileQuerySet:
    """Everyone, with their user and whether they have a second factor."""
    apps = Authenticator.objects.filter(user=OuterRef("user"), type=Authenticator.Type.TOTP)
    return StaffProfile.objects.select_related("user").annotate(has_app=Exists(apps))


@staff_page(Capability.ADMINISTER, rate="lists")
@require_safe
def team(request: StaffRequest) -> HttpResponse:
    """Everyone who works here or did."""
    sort = ordering(request, SORTS, "name")
    page = page_of(request, profiles().order_by("-is_active", *sort.order_by))
    locked = tries.locked_accounts(profile.user.email for profile in page.object_list)
    context = {"page": page, "sort": sort, "locked": locked}
    return render(request, "staff/team/list.html", context)


@staff_page(Capability.ADMINISTER, rate="change")
@form_page
def member_new(request: StaffRequest) -> HttpResponse:
    """Somebody new, who is mailed a link to set a password."""
    form = NewMemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            profile = service.create(request, form.cleaned_data)
        except TeamError as error:
            form.add_error("email", str(error))
        else:
            messages.success(request, f"A link to set a password is on its way to {profile.name}.")
            return redirect("staff:member", profile.pk)
    return render(request, "staff/team/new.html", {"form": form})


@staff_page(Capability.ADMINISTER, rate="change")
@form_page
def member(request: StaffRequest, user_id: UUID) -> HttpResponse:
    """One colleague: name, role, rights, and what an administrator can do for them."""
    person = get_object_or_404(profiles(), pk=user_id)
    form = MemberForm(request.POST or None, initial=member_values(person))
    if request.method == "POST" and form.is_valid():
        try:
            service.update(request, user_id, form.cleaned_data)
        except TeamError as error:
            form.add_error("role", str(error))
        else:
            messages.success(request, f"{person.name} is changed.")
            return redirect("staff:member", user_id)
    locked = tries.locked_accounts([person.user.email])
    context = {
        "form": form,
        "person": person,
        "is_self": person.pk == request.user.pk,
        "locked": locked,
        "is_locked": bool(locked),
        "has_password": person.user.has_usable_password(),
        "sign_ins": StaffAction.objects.filter(
            staff_user=user_id, action_type__in=[ActionType.LOGIN, ActionType.LOGIN_FAILED]
        )[:8],
    }
    return render(request, "staff/team/member.html", context)


@staff_page(Capability.ADMINISTER, rate="change")
@require_POST
def member_act(request: StaffRequest, user_id: UUID, act: str) -> HttpResponse:
    """One of the buttons beside a colleague."""
    if act not in ACTS:
        raise Http404
    service_act, done = ACTS[act]
    try:
        profile = service_act(request, user_id)
    except StaffProfile.DoesNotExist as error:
        raise Http404 from error
    except TeamError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done.format(profile.name))
    return redirect("staff:member", user_id)
