"""Links by which somebody of the office sets their own password (rule R903).

A link holds for STAFF_INVITATION_HOURS, for one use, and ends with the next one that is sent.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from staff.models import StaffProfile

SALT = "staff.invitation"


def token_for(profile: StaffProfile) -> str:
    """What stands in the link."""
    said = {"user": str(profile.pk), "state": _state(profile)}
    return signing.dumps(said, salt=SALT, compress=True)


def profile_for(token: str) -> StaffProfile | None:
    """Whose link this is; None if it is forged, too old, used, replaced, or theirs no more."""
    life = timedelta(hours=settings.STAFF_INVITATION_HOURS)
    try:
        said: Any = signing.loads(token, salt=SALT, max_age=life)
    except signing.BadSignature:
        return None
    profile = StaffProfile.objects.select_related("user").filter(pk=said["user"]).first()
    if profile is None or not profile.may_sign_in:
        return None
    return profile if constant_time_compare(said["state"], _state(profile)) else None


def _state(profile: StaffProfile) -> str:
    """Changes with the password, and with every further invitation."""
    value = f"{profile.user.password}:{profile.invitations}"
    return salted_hmac(SALT, value, algorithm="sha256").hexdigest()[:32]
