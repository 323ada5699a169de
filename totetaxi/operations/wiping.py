"""All bookings and what hangs on them, gone at once: for test data, never for anything else."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from django.apps import apps
from django.core.files.storage import default_storage
from django.db import OperationalError, connection, models, transaction

from booking.models import (
    Address,
    Booking,
    BookingChange,
    BookingEvent,
    BookingLine,
    BookingSpecialtyItem,
    DiscountUse,
    Document,
    Draft,
    GuestCheckout,
    InternalNote,
    SavedAddress,
)
from catalog.models import CapacityDay, DiscountCode
from logistics.models import DeliveryProof, LogisticsAlert, OnfleetEvent, OnfleetTask
from payments.models import (
    Cancellation,
    CheckoutAttempt,
    Dispute,
    MoneyAlert,
    Payment,
    PaymentAudit,
    PaymentLink,
    Refund,
    StripeEvent,
    StripeProof,
)
from staff.models import StaffAction
from totetaxi.account.models import LinkRequest, ManageLink
from totetaxi.lib.insert_only import guard_open
from totetaxi.operations.errors import OperationError
from totetaxi.outbox.models import Mail, Message

#: Messages that carry no booking, and are about one all the same.
ABOUT_BOOKINGS: Final = ("stripe_event", "onfleet_event", "money_alerts", "manage_link_requested")
LOCK_SECONDS: Final = 10


@dataclass(frozen=True)
class Part:
    """Rows that go: of a model, or only those that ``where`` (SQL) is true of."""

    model: type[models.Model]
    where: str = ""

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def condition(self) -> str:
        return f" WHERE {self.where}" if self.where else ""

    def count(self) -> int:
        """How many there are now."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {self.table}{self.condition}")  # noqa: S608 (names of our tables)
            return int(cursor.fetchone()[0])

    def delete(self) -> int:
        """Take them away; how many went."""
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {self.table}{self.condition}")  # noqa: S608 (names of our tables)
            return int(cursor.rowcount)


#: What goes as a whole, in an order in which nothing is left pointing to what is gone.
MONEY: Final[tuple[type[models.Model], ...]] = (
    *(PaymentAudit, MoneyAlert, StripeProof, StripeEvent, Dispute, Refund),
    *(CheckoutAttempt, Payment, PaymentLink, Cancellation, DiscountUse),
)
REST: Final[tuple[type[models.Model], ...]] = (
    *(DeliveryProof, OnfleetTask, OnfleetEvent, LogisticsAlert),
    *(ManageLink, LinkRequest, Document, InternalNote, BookingEvent, BookingChange),
    *(BookingSpecialtyItem, BookingLine, Booking, GuestCheckout, Draft),
)


def parts(*, keep_addresses: bool) -> Iterator[Part]:
    """Everything that goes, in the order in which it does."""
    names = ", ".join(f"'{name}'" for name in ABOUT_BOOKINGS)
    about = f"booking_id IS NOT NULL OR event IN ({names})"
    messages = f"(SELECT id FROM {Message._meta.db_table} WHERE {about})"  # noqa: S608 (names of our tables)
    yield Part(Mail, f"booking_id IS NOT NULL OR message_id IN {messages}")
    yield Part(Message, about)
    yield Part(StaffAction, "booking_id IS NOT NULL")
    yield from map(Part, MONEY)
    # Credits of cancelled bookings are money that nobody paid.
    yield Part(DiscountCode, "code LIKE 'CREDIT-%'")
    yield from map(Part, REST)
    if not keep_addresses:
        yield Part(Address)
    if apps.is_installed("totetaxi.dev"):
        yield from (Part(apps.get_model("dev", name)) for name in ("MailAttachment", "Mail"))


def files() -> list[str]:
    """Names of the files of documents and proofs in the default storage."""
    names = [*Document.objects.values_list("file", flat=True)]
    return [*names, *DeliveryProof.objects.exclude(image="").values_list("image", flat=True)]


def wipe(*, keep_addresses: bool, told: Callable[[Part, int], None]) -> list[str]:
    """Take everything away in one transaction, then the files; those that would not go.

    Numbers of bookings go on where they were. Raises OperationError, with nothing changed, while
    somebody else is writing.
    """
    names = files()
    try:
        with transaction.atomic(), guard_open():
            _lock(parts(keep_addresses=keep_addresses))
            for part in parts(keep_addresses=keep_addresses):
                told(part, part.delete())
            CapacityDay.objects.exclude(used=0).update(used=0)
            SavedAddress.objects.exclude(times_used=0).update(times_used=0, last_used_at=None)
    except OperationalError as error:
        raise OperationError(
            "Something else is at work on the bookings: stop the site and its worker, then try "
            "again. Nothing was wiped."
        ) from error
    return remove_files(names)


def remove_files(names: list[str]) -> list[str]:
    """Delete files from the default storage; the names of those that could not be."""
    left = []
    for name in filter(None, names):
        try:
            default_storage.delete(name)
        except Exception:  # Any storage, any trouble: the rows are gone already.
            left.append(name)
    return left


def _lock(doomed: Iterator[Part]) -> None:
    """Let nobody write meanwhile: what is added now would be left without its booking."""
    tables = ", ".join(sorted({part.table for part in doomed}))
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        cursor.execute(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE")
