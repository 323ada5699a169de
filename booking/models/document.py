"""Papers of a booking: the building's sample certificate, the certificate itself."""

import uuid
from pathlib import PurePath

from django.conf import settings
from django.db import models
from django.db.models import Q


class DocumentKind(models.TextChoices):
    COI_SAMPLE = "coi_sample", "The building’s sample certificate"
    COI_CERTIFICATE = "coi_certificate", "Certificate of Insurance"
    OTHER = "other", "Other document"


def document_path(document: "Document", filename: str) -> str:
    """Where the file lies; its name says nothing about anybody."""
    return f"documents/{document.booking_id}/{document.pk}{PurePath(filename).suffix}"


class DocumentQuerySet(models.QuerySet["Document"]):
    def standing(self) -> "DocumentQuerySet":
        """Not removed."""
        return self.filter(removed_at=None)


class Document(models.Model):
    """One file on a booking; its owner and staff may open it, nobody else (rule R767)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    booking = models.ForeignKey("booking.Booking", models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=20, choices=DocumentKind)
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=50)
    size_bytes = models.PositiveIntegerField()
    file = models.FileField(upload_to=document_path)
    # Null for a guest.
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    by_staff = models.BooleanField(default=False)
    removed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=DocumentKind.values), name="document_kind_known"
            ),
            models.CheckConstraint(condition=Q(size_bytes__gt=0), name="document_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.booking_id}"
