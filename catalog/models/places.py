"""Where we go: the ZIP codes we serve."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from catalog.choices import State, Zone
from catalog.models.base import known


class ServiceZip(models.Model):
    """A ZIP code we serve, in one of two zones; a ZIP that is not here is not served online."""

    zip_code = models.CharField(
        "ZIP code",
        max_length=5,
        primary_key=True,
        validators=[RegexValidator(r"^[0-9]{5}$", "Enter the five digits of a ZIP code.")],
    )
    zone = models.CharField(
        max_length=20,
        choices=Zone,
        help_text="Extended area: served with the distance surcharge.",
    )
    state = models.CharField(max_length=2, choices=State)
    label = models.CharField("area", max_length=100, help_text="For example “Brooklyn”.")
    place = models.CharField(max_length=100, blank=True, help_text="For example “Montauk”.")
    is_active = models.BooleanField(
        "served", default=True, help_text="Switch off to stop serving it."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "service ZIP"
        ordering = ["zip_code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(zip_code__regex=r"^[0-9]{5}$"), name="service_zip_five_digits"
            ),
            known("zone", Zone, "service_zip_zone_known"),
            known("state", State, "service_zip_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.zip_code} {self.place or self.label}"
