"""What follows a request for a link to a booking."""

from django.conf import settings
from django.urls import reverse

from catalog.context import company_facts
from totetaxi.account.guests.links import booking_asked_for, make_link
from totetaxi.account.models import LinkRequest
from totetaxi.outbox.mail import send_mail
from totetaxi.outbox.registry import handles


@handles("manage_link_requested")
def send_manage_link(subject_id: str) -> None:
    """Mail a fresh link if there is such a booking; forget what was typed either way."""
    asked = LinkRequest.objects.filter(pk=subject_id).first()
    if asked is None:  # Answered already.
        return
    if booking := booking_asked_for(asked):
        path = reverse("account:manage", args=[make_link(booking)])
        send_mail(
            template="account/manage_link",
            to=[asked.email],
            context={
                "booking": booking,
                "url": f"{settings.SITE_URL}{path}",
                "phone": company_facts().phone,
            },
        )
    asked.delete()
