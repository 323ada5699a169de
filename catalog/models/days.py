"""When we go: closed days, and how many places each day has."""

import uuid
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models import F, Q


class ClosedDay(models.Model):
    """A day we do not drive; customers read the reason."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    date = models.DateField(unique=True)
    reason = models.CharField(
        max_length=100, help_text="Shown to customers, for example “Thanksgiving”."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["date"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="closed_day_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.date:%A, %B} {self.date.day}, {self.date.year}: {self.reason}"


class CapacityDayQuerySet(models.QuerySet["CapacityDay"]):
    """The vocabulary of daily limits; places are taken in ``catalog.availability``."""

    def hold_still(self) -> None:
        """Let no place be taken or given back until this transaction ends.

        A lock on the table, not its rows: it also stops rows that do not exist yet, and waits
        only for transactions that hold places already, so it cannot end in a deadlock.
        """
        table = connection.ops.quote_name(self.model._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")

    def following_default(self, today: date) -> "CapacityDayQuerySet":
        """Days from ``today`` on whose limit is the policy's usual one."""
        return self.filter(date__gte=today, limit_is_own=False)

    def above(self, limit: int | None) -> "CapacityDayQuerySet":
        """Days with more places taken than ``limit`` would allow."""
        return self.none() if limit is None else self.filter(used__gt=limit)


class CapacityDay(models.Model):
    """The places of one day: how many there are, and how many are taken.

    Most rows are made when the first place of a day is taken, with the policy's usual limit.
    """

    date = models.DateField(primary_key=True)
    limit = models.PositiveIntegerField(
        "places", null=True, blank=True, help_text="Empty: no limit."
    )
    used = models.PositiveIntegerField("taken", default=0, editable=False)
    limit_is_own = models.BooleanField(
        "limit of its own",
        default=False,
        help_text="Ticked: this limit stays. Not ticked: the day follows the booking policy.",
    )

    objects = CapacityDayQuerySet.as_manager()

    class Meta:
        ordering = ["date"]
        constraints = [
            models.CheckConstraint(
                condition=Q(limit=None) | Q(used__lte=F("limit")),
                name="capacity_used_within_limit",
            ),
        ]

    def __str__(self) -> str:
        places = "no limit" if self.limit is None else f"{self.limit} places"
        return f"{self.date:%A, %B} {self.date.day}, {self.date.year}: {places}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save everything but ``used``, which others count up and down meanwhile."""
        if not self._state.adding and kwargs.get("update_fields") is None:
            kwargs["update_fields"] = ["limit", "limit_is_own"]
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Refuse a limit below what is taken; the row stays locked while a form saves it."""
        rows = CapacityDay.objects.filter(pk=self.pk)
        if connection.in_atomic_block:
            rows = rows.select_for_update()
        stored = rows.first()
        self.used = stored.used if stored else 0
        if not self.limit_is_own:
            self._follow_default(stored)
        if self.limit is not None and self.limit < self.used:
            raise ValidationError({"limit": f"{places_taken(self.used)} that day already."})

    def _follow_default(self, stored: "CapacityDay | None") -> None:
        from catalog.models.policy import BookingPolicy

        policy = BookingPolicy.objects.first()
        usual = policy.default_daily_limit if policy else None
        typed = self.limit != (stored.limit if stored else None)
        if typed and self.limit != usual:
            raise ValidationError(
                {"limit_is_own": "Tick this to give the day a limit other than the usual one."}
            )
        self.limit = usual


def places_taken(count: int) -> str:
    """ "1 place is taken", "12 places are taken"."""
    return "1 place is taken" if count == 1 else f"{count} places are taken"


def name_days(days: Iterable[CapacityDay]) -> str:
    """The days with what is taken on each: "June 13, 2026 (12), June 14, 2026 (11)"."""
    return ", ".join(f"{day.date:%B} {day.date.day}, {day.date.year} ({day.used})" for day in days)
