"""A booking in the making: what the customer answered so far, kept on the server."""

import uuid
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import models

from catalog.request import AddressInput, Contact, QuoteRequest
from totetaxi.lib import clock

T = TypeVar("T")
DRAFT_LIFE = timedelta(hours=24)


def default_expiry() -> datetime:
    return clock.after(clock.now(), DRAFT_LIFE)


class DraftQuerySet(models.QuerySet["Draft"]):
    def live(self, now: datetime) -> "DraftQuerySet":
        """Drafts a customer may still continue at ``now``."""
        return self.filter(expires_at__gt=now)


class Draft(models.Model):
    """The answers of one customer, step by step, until they become a booking.

    ``answers`` is one flat dict: wizard field name to JSON primitive (dates and times as ISO
    text, ``specialty_items`` as ``{type_key: quantity}``). ``version`` rises with every change of
    an answer, so that two tabs and a slow click are noticed before money moves.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="drafts",
    )
    answers = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=1)
    # What the review page showed last, in cents: a new price asks for a second click.
    shown_total_cents = models.PositiveBigIntegerField(null=True, blank=True)
    expires_at = models.DateTimeField(default=default_expiry)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = DraftQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["expires_at"])]

    def __str__(self) -> str:
        return f"Draft {self.pk}"

    def update_answers(self, changes: Mapping[str, Any]) -> bool:
        """Merge ``changes`` and save; True when something changed (and the version rose)."""
        merged = {**self.answers, **changes}
        self.expires_at = default_expiry()
        changed: bool = merged != self.answers
        if changed:
            self.answers = merged
            self.version += 1
        self.save(update_fields=["answers", "version", "expires_at", "updated_at"])
        return changed

    def hand_to(self, user_id: uuid.UUID, changes: Mapping[str, Any]) -> None:
        """Make it this customer's, with these answers; a booking it became is then rewritten."""
        if self.user_id != user_id:
            self.user_id = user_id
            self.version += 1
            self.save(update_fields=["user", "version", "updated_at"])
        self.update_answers(changes)

    def to_request(self) -> QuoteRequest:
        """The answers as the price engine reads them; an answer that is missing is its default."""
        return request_from_answers(self.answers)


def request_from_answers(answers: Mapping[str, Any]) -> QuoteRequest:
    """Turn flat JSON answers into a QuoteRequest. Values the forms never store count as missing."""

    def text(name: str) -> str:
        value = answers.get(name)
        return value if isinstance(value, str) else ""

    def number(name: str) -> int | None:
        value = answers.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def flag(name: str) -> bool:
        return answers.get(name) is True

    def address(side: str) -> AddressInput:
        return AddressInput(
            address_line_1=text(f"{side}_address_line_1"),
            address_line_2=text(f"{side}_address_line_2"),
            city=text(f"{side}_city"),
            state=text(f"{side}_state"),
            zip_code=text(f"{side}_zip_code"),
        )

    items = answers.get("specialty_items")
    quantities = items if isinstance(items, dict) else {}
    return QuoteRequest(
        service_type=text("service_type"),
        package_type=text("package_type"),
        include_packing=flag("include_packing"),
        include_unpacking=flag("include_unpacking"),
        standard_delivery_item_count=number("standard_delivery_item_count") or 0,
        item_description=text("item_description"),
        specialty_items=tuple(
            (key, quantity)
            for key, quantity in sorted(quantities.items())
            if isinstance(quantity, int) and quantity
        ),
        coi_required=flag("coi_required"),
        blade_airport=text("blade_airport"),
        blade_terminal=text("blade_terminal"),
        blade_direction=text("blade_direction") or "to_airport",
        blade_flight_date=_parsed(date.fromisoformat, text("blade_flight_date")),
        blade_flight_time=_parsed(time.fromisoformat, text("blade_flight_time")),
        blade_bag_count=number("blade_bag_count") or 0,
        pickup_date=_parsed(date.fromisoformat, text("pickup_date")),
        pickup_time=text("pickup_time") or "morning",
        specific_pickup_hour=number("specific_pickup_hour"),
        pickup_address=address("pickup"),
        delivery_address=address("delivery"),
        special_instructions=text("special_instructions"),
        contact=Contact(
            first_name=text("first_name"),
            last_name=text("last_name"),
            email=text("email"),
            phone=text("phone"),
        ),
        discount_code=text("discount_code"),
    )


def _parsed(parse: Callable[[str], T], value: str) -> T | None:
    try:
        return parse(value) if value else None
    except ValueError:
        return None
