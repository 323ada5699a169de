"""The development mailbox: what would have been sent."""

import uuid

from django.db import models
from django.utils import timezone


class Report(models.TextChoices):
    """What this mailbox, in its part as the mail service, said of a mail."""

    NONE = "", "Sent"
    DELIVERED = "delivered", "Delivered"
    BOUNCED = "bounced", "Bounced"
    COMPLAINED = "complained", "Spam complaint"


class Mail(models.Model):
    """One mail, as its recipients would have got it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sent_at = models.DateTimeField(default=timezone.now)
    subject = models.CharField(max_length=998)
    sender = models.CharField(max_length=320)
    # Lists of addresses.
    to = models.JSONField(default=list)
    cc = models.JSONField(default=list)
    bcc = models.JSONField(default=list)
    reply_to = models.JSONField(default=list)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    report = models.CharField(max_length=20, blank=True, choices=Report)

    class Meta:
        ordering = ["-sent_at"]

    def __str__(self) -> str:
        return self.subject


class MailAttachment(models.Model):
    """A file sent along with a mail."""

    mail = models.ForeignKey(Mail, models.CASCADE, related_name="attachments")
    position = models.PositiveSmallIntegerField()
    filename = models.CharField(max_length=255)
    mimetype = models.CharField(max_length=255)
    content = models.BinaryField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["mail", "position"], name="mail_attachment_position")
        ]

    def __str__(self) -> str:
        return self.filename
