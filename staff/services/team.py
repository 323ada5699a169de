"""The team: who works here and with which rights; every change is audited (rule R907)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest

from staff import second_factor
from staff.audit import log_action
from staff.capabilities import Capability, Flag, Role, flags_for
from staff.models import ActionType, StaffAction, StaffProfile
from staff.services import tries
from totetaxi.outbox.services import announce
from totetaxi.users.models import User

if TYPE_CHECKING:
    from staff.access import StaffRequest

USER_FIELDS = ("email", "first_name", "last_name")
PROFILE_FIELDS = ("role", "phone", "notes", *(flag.value for flag in Flag))


class TeamError(Exception):
    """A change that may not be made; the message is for the person who asked for it."""


def facts(profile: StaffProfile) -> dict[str, Any]:
    """What the audit keeps of somebody."""
    user = {name: getattr(profile.user, name) for name in USER_FIELDS}
    return user | {name: getattr(profile, name) for name in (*PROFILE_FIELDS, "is_active")}


@transaction.atomic
def create(request: "StaffRequest", given: Mapping[str, Any]) -> StaffProfile:
    """A new colleague, who gets a link by mail to set a password. Raises TeamError.

    ``given`` has the fields of USER_FIELDS and PROFILE_FIELDS. Nobody but they themselves ever
    knows their password.
    """
    profile = add(given)
    announce_invitation(profile)
    log_action(
        request,
        ActionType.MANAGE_STAFF,
        f"Added {profile.name} to the team",
        after={"user": str(profile.pk), **facts(profile)},
    )
    return profile


def add(given: Mapping[str, Any]) -> StaffProfile:
    """Save user and profile, without a password. Raises TeamError for an email that is taken."""
    if User.objects.filter(email__iexact=given["email"]).exists():
        raise TeamError("There is already an account with this email address.")
    user = User.objects.create_user(**{name: given[name] for name in USER_FIELDS})
    return StaffProfile.objects.create(
        user=user,
        role=given["role"],
        phone=given["phone"],
        notes=given["notes"],
        **_flags(given),
    )


def announce_invitation(profile: StaffProfile) -> None:
    """Mail a link to set a password, and end those before it."""
    profile.invitations += 1
    profile.save(update_fields=["invitations", "updated_at"])
    announce("staff_invited", profile.pk, key=f"staff_invited:{profile.pk}:{profile.invitations}")


@transaction.atomic
def update(request: "StaffRequest", user_id: UUID, given: Mapping[str, Any]) -> StaffProfile:
    """Change somebody's name, role, rights, phone, notes; a new role ends their sessions.

    Raises TeamError if nobody would be left to administer, or for one's own role.
    """
    profile = _locked(user_id, by=request)
    before = facts(profile)
    if given["role"] != profile.role:
        _must_not_be_self(request, profile, "your own role")
        if profile.role == Role.ADMIN:
            _must_not_be_last_admin(profile)
        profile.session_epoch += 1
    _set(profile.user, {name: given[name] for name in ("first_name", "last_name")})
    flags = _flags(given)
    _set(profile, {name: given[name] for name in ("role", "phone", "notes")} | flags)
    _log(request, profile, "Changed", before)
    return profile


@transaction.atomic
def deactivate(request: "StaffRequest", user_id: UUID) -> StaffProfile:
    """Shut somebody out, at once. Raises TeamError for oneself and the last administrator."""
    profile = _locked(user_id, by=request)
    _must_not_be_self(request, profile, "yourself")
    before = facts(profile)
    if profile.role == Role.ADMIN:
        _must_not_be_last_admin(profile)
    _set(profile, {"is_active": False, "session_epoch": profile.session_epoch + 1})
    _log(request, profile, "Deactivated", before)
    return profile


@transaction.atomic
def reactivate(request: "StaffRequest", user_id: UUID) -> StaffProfile:
    """Let somebody in again, with the rights they had."""
    profile = _locked(user_id, by=request)
    before = facts(profile)
    _set(profile, {"is_active": True})
    _log(request, profile, "Reactivated", before)
    return profile


@transaction.atomic
def unlock(request: "StaffRequest", user_id: UUID) -> StaffProfile:
    """Let somebody try to sign in again after too many wrong tries."""
    profile = _locked(user_id, by=request)
    clients = tries.unlock(profile.user.email)
    _log(request, profile, "Unlocked", {}, {"locked_clients": clients})
    return profile


@transaction.atomic
def reset_second_factor(request: "StaffRequest", user_id: UUID) -> StaffProfile:
    """Take the authenticator app and recovery codes away; the next sign-in sets up new ones."""
    profile = _locked(user_id, by=request)
    _must_not_be_self(request, profile, "your own second factor")
    had = second_factor.is_enrolled(profile.user)
    second_factor.remove(profile.user)
    _set(profile, {"session_epoch": profile.session_epoch + 1})
    _log(request, profile, "Reset the second factor of", {"enrolled": had}, {"enrolled": False})
    return profile


@transaction.atomic
def invite(request: "StaffRequest", user_id: UUID) -> StaffProfile:
    """Mail a new link to set a password. Raises TeamError for somebody deactivated."""
    profile = _locked(user_id, by=request)
    if not profile.may_sign_in:
        raise TeamError("Reactivate them first.")
    announce_invitation(profile)
    _log(request, profile, "Mailed a password link to", {}, {"invitation": profile.invitations})
    return profile


@transaction.atomic
def set_password(
    request: HttpRequest, profile: StaffProfile, password: str, *, how: str
) -> StaffProfile:
    """Save somebody's own new password; their sessions end, and links to set one.

    ``how`` they proved who they are goes to the audit ("the current password").
    """
    rows = StaffProfile.objects.select_for_update(of=("self",)).select_related("user")
    profile = rows.get(pk=profile.pk)
    profile.user.set_password(password)
    profile.user.save(update_fields=["password"])
    _set(profile, {"session_epoch": profile.session_epoch + 1})
    announce(
        "staff_password_changed",
        profile.pk,
        key=f"staff_password_changed:{profile.pk}:{profile.session_epoch}",
    )
    text = f"Set their own password, by {how}"
    StaffAction.log_action(profile.user, ActionType.MANAGE_STAFF, text, request)
    return profile


def _locked(user_id: UUID, *, by: "StaffRequest") -> StaffProfile:
    """The profile, locked together with all administrators, always in one order.

    So two administrators who demote each other at once do it one after the other, and the second
    is refused. Raises StaffProfile.DoesNotExist, TeamError.
    """
    rows = StaffProfile.objects.select_for_update(of=("self",)).select_related("user")
    wanted = rows.filter(Q(role=Role.ADMIN) | Q(pk=user_id)).order_by("pk")
    found = {profile.pk: profile for profile in wanted}
    actor = found.get(by.user.pk)
    if actor is None or not actor.can(Capability.ADMINISTER):
        raise TeamError("You are no administrator any more.")
    if user_id not in found:
        raise StaffProfile.DoesNotExist
    return found[user_id]


def _must_not_be_self(request: "StaffRequest", profile: StaffProfile, what: str) -> None:
    if profile.pk == request.user.pk:
        raise TeamError(f"You cannot change {what}; ask another administrator.")


def _must_not_be_last_admin(profile: StaffProfile) -> None:
    """Somebody else must be left who administers and can sign in."""
    others = StaffProfile.objects.admins().exclude(pk=profile.pk).select_related("user")
    if not any(other.user.has_usable_password() for other in others):
        raise TeamError("This is the last administrator. Make somebody else one first.")


def _flags(given: Mapping[str, Any]) -> dict[str, bool]:
    wished = {flag: bool(given[flag.value]) for flag in Flag}
    return {flag.value: value for flag, value in flags_for(given["role"], wished).items()}


def _set(row: Any, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


def _log(
    request: "StaffRequest",
    profile: StaffProfile,
    done: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any] | None = None,
) -> None:
    """Audit a change: only what differs, and whom it is about."""
    now = after if after is not None else facts(profile)
    changed = {name for name in now if before.get(name) != now[name]}
    whom = {"user": str(profile.pk)}
    log_action(
        request,
        ActionType.MANAGE_STAFF,
        f"{done} {profile.name}",
        before=whom | {name: before[name] for name in changed if name in before},
        after=whom | {name: now[name] for name in changed},
    )
