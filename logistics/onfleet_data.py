"""What goes to Onfleet and comes back, frozen. Times are aware; nothing here knows HTTP."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class RemoteState(IntEnum):
    """Onfleet's own states."""

    UNASSIGNED = 0
    ASSIGNED = 1
    ACTIVE = 2
    COMPLETED = 3


@dataclass(frozen=True)
class Destination:
    """Where a task is; ``lng_lat`` (degrees, longitude first) spares the search for it."""

    number: str
    street: str
    apartment: str
    city: str
    state: str
    postal_code: str
    lng_lat: tuple[float, float] | None = None


@dataclass(frozen=True)
class Recipient:
    """Who is met; ``phone`` is E.164."""

    name: str
    phone: str
    notes: str = ""


@dataclass(frozen=True)
class TaskContent:
    """Everything a task says; ``service_minutes`` is the time at the door."""

    destination: Destination
    recipient: Recipient | None
    after: datetime
    before: datetime
    notes: str
    quantity: int
    service_minutes: int


@dataclass(frozen=True)
class NewTask:
    """A task to make; ``key`` is our row's id, by which it is found again."""

    key: str
    booking_number: str
    kind: str
    service_type: str
    content: TaskContent
    is_pickup: bool
    depends_on: str = ""


@dataclass(frozen=True)
class TaskState:
    """What Onfleet says about a task now; None and "" where it says nothing.

    ``state`` is None for a state we do not know, which changes nothing.
    """

    id: str
    short_id: str
    tracking_url: str
    state: RemoteState | None
    worker_id: str
    changed_at: datetime | None
    eta_at: datetime | None
    succeeded: bool | None
    finished_at: datetime | None
    failure_reason: str
    notes: str
    photo_ids: tuple[str, ...]
    signature_id: str


@dataclass(frozen=True)
class Worker:
    id: str
    name: str
    on_duty: bool


@dataclass(frozen=True)
class WebhookState:
    """A webhook as Onfleet sees it: how often in a row it failed, and whether it still sends."""

    url: str
    failures: int
    is_enabled: bool


@dataclass(frozen=True)
class EventNotice:
    """A webhook's news: what happened to which task, and when."""

    trigger: int
    task_id: str
    happened_at: datetime
    eta_at: datetime | None
