"""A link that lets a customer pay a booking the office made or took by phone."""

import uuid
from datetime import datetime
from typing import Final

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import models
from django.db.models import Q

from payments.models.payment import Purpose
from totetaxi.lib import clock

# Not the colon: mail programs end an address there.
_SIGNER: Final = Signer(salt="payments.link", sep=".")


class PaymentLinkQuerySet(models.QuerySet["PaymentLink"]):
    def standing(self) -> "PaymentLinkQuerySet":
        """Links that nobody has ended; their time may be over."""
        return self.filter(revoked_at=None)

    def live(self, now: datetime) -> "PaymentLinkQuerySet":
        """Links through which a booking can be paid at ``now`` (business time)."""
        return self.standing().filter(expires_at__gt=now)


class PaymentLink(models.Model):
    """One link for one booking; a new one ends the old one (rule R618).

    Times are business time: a link ends with the pickup, which is measured by the same clock.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    booking = models.ForeignKey("booking.Booking", models.PROTECT, related_name="payment_links")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="payment_links",
    )
    # The change whose difference it collects; without one it is for the booking itself.
    change = models.ForeignKey(
        "booking.BookingChange",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="payment_links",
    )
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    # When the mail with it went out; null is "not sent", and the office sees that.
    sent_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = PaymentLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["booking"], condition=Q(revoked_at=None), name="payment_link_one_standing"
            ),
        ]

    def __str__(self) -> str:
        return f"Link {self.pk}"

    @property
    def token(self) -> str:
        """The link's id, signed: what stands in its address."""
        return _SIGNER.sign(self.pk.hex)

    @property
    def purpose(self) -> Purpose:
        """What is paid through it."""
        return Purpose.CHANGE if self.change_id else Purpose.BOOKING

    def is_live(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at

    @property
    def ended_at(self) -> datetime:
        """When it stopped or will stop being payable."""
        return min(self.revoked_at or self.expires_at, self.expires_at)


def id_of_token(token: str) -> uuid.UUID | None:
    """The id in a token that we signed; None for any other text."""
    try:
        return uuid.UUID(hex=_SIGNER.unsign(token))
    except (BadSignature, ValueError):
        return None
