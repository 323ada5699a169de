"""What follows a message from the contact page."""

from django.conf import settings

from catalog.context import company_facts
from totetaxi.lib.clock import real_now
from totetaxi.outbox.mail import send_mail
from totetaxi.outbox.registry import handles
from totetaxi.pages.models import ContactMessage


@handles("contact_message")
def send_contact_message(subject_id: str) -> None:
    """Mail a contact message to the office; an answer goes to whoever wrote it."""
    message = ContactMessage.objects.filter(pk=subject_id, sent_at=None).first()
    if message is None:  # Already sent, or removed at its writer's wish.
        return
    send_mail(
        template="contact_message",
        to=[company_facts().email or settings.DEFAULT_FROM_EMAIL],
        context={"message": message},
        reply_to=message.email,
    )
    message.sent_at = real_now()
    message.save(update_fields=["sent_at"])
