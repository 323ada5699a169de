"""What a booking costs and holds, line by line, as it was when the price was agreed."""

from django.db import models
from django.db.models import Q


class BookingLine(models.Model):
    """One frozen line of a booking's price; ``amount_cents`` is negative for a discount."""

    id = models.BigAutoField(primary_key=True)
    booking = models.ForeignKey("booking.Booking", models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=30)
    label = models.CharField(max_length=120)
    amount_cents = models.BigIntegerField()
    note = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["booking", "position"], name="booking_line_position_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label}: {self.amount_cents}"

    @property
    def cents(self) -> int:
        """The amount under the name the quote's lines use, so one template draws both."""
        return self.amount_cents


class BookingSpecialtyItem(models.Model):
    """A specialty item on a booking, with the name and price it had then."""

    id = models.BigAutoField(primary_key=True)
    booking = models.ForeignKey("booking.Booking", models.CASCADE, related_name="specialty_items")
    specialty_item = models.ForeignKey("catalog.SpecialtyItem", models.PROTECT)
    name = models.CharField(max_length=100)
    quantity = models.PositiveIntegerField()
    unit_price_cents = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["booking", "specialty_item"], name="booking_specialty_item_once"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=1), name="booking_specialty_quantity_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.name}"
