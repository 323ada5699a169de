"""Mails to the office's own people."""

from django.conf import settings
from django.urls import reverse

from staff import invitations
from staff.models import StaffProfile
from totetaxi.outbox.mail import send_mail


def send_invitation(profile: StaffProfile) -> None:
    """A link to set a password."""
    link = reverse("staff:set_password", args=[invitations.token_for(profile)])
    context = {
        "profile": profile,
        "is_new": not profile.user.has_usable_password(),
        "link": f"{settings.SITE_URL}{link}",
        "hours": settings.STAFF_INVITATION_HOURS,
    }
    send_mail(template="staff/invitation", to=[profile.user.email], context=context)


def send_password_changed(profile: StaffProfile) -> None:
    """A note to the person themselves, who will know if it was not them."""
    context = {"profile": profile}
    send_mail(template="staff/password_changed", to=[profile.user.email], context=context)


def send_attack_alert(profile: StaffProfile) -> None:
    """Somebody keeps guessing at a colleague's sign-in: told to all administrators."""
    admins = StaffProfile.objects.admins().values_list("user__email", flat=True).order_by("pk")
    to = list(dict.fromkeys([*admins, *settings.STAFF_ALERT_EMAILS]))
    if not to:
        return
    context = {
        "profile": profile,
        "tries": settings.STAFF_ALERT_TRIES,
        "link": f"{settings.SITE_URL}{reverse('staff:member', args=[profile.pk])}",
    }
    send_mail(template="staff/attack_alert", to=to, context=context)
