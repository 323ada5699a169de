"""Messages from the contact page."""

import uuid
from datetime import datetime

from django.db import models
from django.utils import timezone


class ContactMessageQuerySet(models.QuerySet["ContactMessage"]):
    """The vocabulary of the contact page."""

    def answered_before(self, moment: datetime) -> "ContactMessageQuerySet":
        """Messages that went to the office before ``moment``; it has them in its mailbox."""
        return self.filter(sent_at__lt=moment)


class ContactMessage(models.Model):
    """What someone wrote to us, kept until some time after the office has it as mail."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100)
    email = models.EmailField()
    phone = models.CharField(max_length=30, blank=True)
    subject = models.CharField(max_length=150)
    message = models.TextField(max_length=5000)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ContactMessageQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"Contact message {self.pk}"
