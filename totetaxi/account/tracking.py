"""What the drivers have told us about a booking, in a customer's words (rule R763)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from booking.models import Booking
from logistics.models import DeliveryProof, OnfleetTask, TaskKind, TaskStatus
from logistics.services import proofs_of
from payments.receipts import Picture
from totetaxi.lib.template_tags import clock_time, full_date

WORDS: Final = {
    TaskStatus.WAITING: ("Awaiting a driver", "Awaiting a driver"),
    TaskStatus.CREATED: ("Awaiting a driver", "Awaiting a driver"),
    TaskStatus.ASSIGNED: ("Driver assigned", "Driver assigned"),
    TaskStatus.ACTIVE: ("On the way to you", "Out for delivery"),
    TaskStatus.COMPLETED: ("Picked up", "Delivered"),
    TaskStatus.FAILED: ("Please call us", "Please call us"),
}
WITH_DRIVER: Final = frozenset({TaskStatus.ASSIGNED, TaskStatus.ACTIVE})


MOST_PICTURES: Final = 12


@dataclass(frozen=True)
class Leg:
    """Pickup or delivery as it stands: who comes, when, and what was left at the door.

    ``arrives_at`` is set while the driver is on the way; ``url`` leads to Onfleet's own map.
    """

    title: str
    words: str
    is_done: bool
    has_failed: bool
    driver: str
    url: str
    arrives_at: datetime | None
    done_at: datetime | None
    notes: str
    proofs: tuple[DeliveryProof, ...]


@dataclass(frozen=True)
class Tracking:
    """Both legs, and the moments that the line at the top of the page shows."""

    legs: tuple[Leg, ...] = ()
    has_driver: bool = False
    picked_up_at: datetime | None = None
    delivered_at: datetime | None = None


def tracking_of(booking: Booking) -> Tracking:
    """How far the drivers are; without tasks nothing is said yet."""
    return trackings([booking])[booking.pk]


def trackings(bookings: Sequence[Booking]) -> dict[UUID, Tracking]:
    """How far the drivers of each booking are, by its id; two queries however many there are."""
    newest: dict[UUID, dict[str, OnfleetTask]] = {booking.pk: {} for booking in bookings}
    tasks = OnfleetTask.objects.filter(booking__in=newest).exclude(status=TaskStatus.DELETED)
    for task in tasks.order_by("created_at").prefetch_related("proofs"):
        newest[task.booking_id][task.kind] = task
    return {booking_id: _tracking(by_kind) for booking_id, by_kind in newest.items()}


def _tracking(newest: Mapping[str, OnfleetTask]) -> Tracking:
    legs = [newest[kind] for kind in TaskKind if kind in newest]
    done = {task.kind: task.completed_at for task in legs}
    return Tracking(
        legs=tuple(_leg(task) for task in legs),
        has_driver=any(
            task.status in (TaskStatus.ASSIGNED, TaskStatus.ACTIVE, TaskStatus.COMPLETED)
            for task in legs
        ),
        picked_up_at=done.get(TaskKind.PICKUP),
        delivered_at=done.get(TaskKind.DROPOFF),
    )


def _leg(task: OnfleetTask) -> Leg:
    is_pickup = task.kind == TaskKind.PICKUP
    on_the_way = task.status == TaskStatus.ACTIVE
    return Leg(
        title="Pickup" if is_pickup else "Delivery",
        words=WORDS[TaskStatus(task.status)][0 if is_pickup else 1],
        is_done=task.status == TaskStatus.COMPLETED,
        has_failed=task.status == TaskStatus.FAILED,
        driver=task.driver_name,
        # Before there is a driver, the map has nothing to show.
        url=task.tracking_url if task.status in WITH_DRIVER else "",
        arrives_at=task.estimated_arrival_at if on_the_way else None,
        done_at=task.completed_at,
        notes=task.completion_notes if task.status == TaskStatus.COMPLETED else "",
        proofs=tuple(proof for proof in task.proofs.all() if proof.fetched_at),
    )


def proof_pictures(booking_id: UUID) -> list[Picture]:
    """The proofs of a booking for its receipt; without those that the storage has lost."""
    return [
        Picture(_caption(proof), content)
        for proof in proofs_of(booking_id)[:MOST_PICTURES]
        if (content := _content(proof))
    ]


def _caption(proof: DeliveryProof) -> str:
    words = f"{proof.get_kind_display()}, {proof.task.get_kind_display().lower()}"
    if (done := proof.task.completed_at) is None:
        return words
    return f"{words}, {full_date(done)}, {clock_time(done)}"


def _content(proof: DeliveryProof) -> bytes:
    try:
        with proof.image.open("rb") as file:
            content: bytes = file.read()
            return content
    except FileNotFoundError:
        return b""
