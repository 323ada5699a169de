"""What follows changes of the team: mails that the outbox delivers, at least once."""

from uuid import UUID

from staff import emails
from staff.models import StaffProfile
from totetaxi.outbox.registry import handles


@handles("staff_invited")
def send_invitation(subject_id: str) -> None:
    """Mail the link to set a password, unless they were shut out before its turn came."""
    profile = _profile(subject_id)
    if profile.may_sign_in:
        emails.send_invitation(profile)


@handles("staff_password_changed")
def send_password_changed(subject_id: str) -> None:
    emails.send_password_changed(_profile(subject_id))


@handles("staff_sign_in_attacked")
def send_attack_alert(subject_id: str) -> None:
    emails.send_attack_alert(_profile(subject_id))


def _profile(subject_id: str) -> StaffProfile:
    return StaffProfile.objects.select_related("user").get(user_id=UUID(subject_id))
