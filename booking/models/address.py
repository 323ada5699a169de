"""Where a booking goes and who ordered it without an account; both are copies made per booking."""

import uuid

from django.conf import settings
from django.db import models

from catalog.choices import State
from catalog.request import AddressInput


class Address(models.Model):
    """A pickup or delivery address as it was when the booking was made."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="booking_addresses",
    )
    address_line_1 = models.CharField(max_length=200)
    address_line_2 = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100)
    state = models.CharField(max_length=2, choices=State)
    zip_code = models.CharField(max_length=10)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "addresses"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="booking_address_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.city}, {self.state} {self.zip_code}"

    @property
    def lines(self) -> tuple[str, ...]:
        """The address as it is written on an envelope, without empty lines."""
        street = self.address_line_1
        if self.address_line_2:
            street = f"{street}, {self.address_line_2}"
        return street, f"{self.city}, {self.state} {self.zip_code}"

    @classmethod
    def from_input(cls, given: AddressInput) -> "Address":
        """An unsaved copy of what the customer typed."""
        return cls(
            address_line_1=given.address_line_1,
            address_line_2=given.address_line_2,
            city=given.city,
            state=given.state,
            zip_code=given.zip_code,
        )


class GuestCheckout(models.Model):
    """Someone who booked without an account."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100)
    email = models.EmailField()
    phone = models.CharField(max_length=20)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Guest {self.pk}"
