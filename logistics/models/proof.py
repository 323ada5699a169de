"""Photos and signatures from the door, copied into our own storage."""

import uuid

from django.db import models
from django.db.models import Q


class ProofKind(models.TextChoices):
    PHOTO = "photo", "Photo"
    SIGNATURE = "signature", "Signature"


def proof_path(proof: "DeliveryProof", filename: str) -> str:
    """Where the file lies; its name says nothing about anybody."""
    return f"proofs/{proof.task_id}/{proof.pk}.jpg"


class DeliveryProof(models.Model):
    """One picture of a completed task; the owner and staff may see it, nobody else."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.ForeignKey("logistics.OnfleetTask", models.PROTECT, related_name="proofs")
    kind = models.CharField(max_length=10, choices=ProofKind)
    onfleet_upload_id = models.CharField(max_length=200)
    # Empty until it was fetched.
    image = models.FileField(upload_to=proof_path, blank=True)
    fetched_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=ProofKind.values), name="delivery_proof_kind_known"
            ),
            models.UniqueConstraint(
                fields=["task", "onfleet_upload_id"], name="delivery_proof_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of task {self.task_id}"
