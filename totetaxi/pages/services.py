"""What a message from the contact page sets in motion."""

from django.db import transaction

from totetaxi.outbox.services import announce
from totetaxi.pages.models import ContactMessage


@transaction.atomic
def receive(message: ContactMessage) -> None:
    """Store a message and announce it; the office gets it by mail."""
    message.save()
    announce("contact_message", message.pk)
