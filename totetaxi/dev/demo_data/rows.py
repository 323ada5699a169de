"""Orders as the rows they would have left behind, had the site taken them."""

import json
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from random import Random
from typing import Final
from uuid import UUID, uuid4

from booking.models import (
    Address,
    Booking,
    BookingEvent,
    BookingLine,
    BookingSpecialtyItem,
    BookingStatus,
    DiscountUse,
    EventKind,
    GuestCheckout,
)
from booking.terms import TERMS_VERSION
from catalog.choices import AIRPORTS, SurchargeType
from catalog.prices import PriceBook
from logistics.models import Environment, OnfleetTask, TaskKind, TaskStatus
from logistics.windows import Window
from payments.models import (
    AuditKind,
    Cancellation,
    CancellationKind,
    Method,
    Payment,
    PaymentAudit,
    PaymentStatus,
    Refund,
    RefundKind,
    RefundStatus,
)
from payments.services.policy import refund_cents, refund_terms
from totetaxi.dev.demo_data.people import Home
from totetaxi.dev.demo_data.plans import EARNING, Fate, Plan
from totetaxi.dev.demo_data.sheets import Sheet
from totetaxi.dev.demo_data.windows import Windows
from totetaxi.lib import clock

MARK: Final = "demonstration"
STATUS: Final = {
    Fate.COMPLETED: BookingStatus.COMPLETED,
    Fate.PAID: BookingStatus.PAID,
    Fate.CONFIRMED: BookingStatus.CONFIRMED,
    Fate.PENDING: BookingStatus.PENDING,
    Fate.LAPSED: BookingStatus.CANCELLED,
    Fate.CANCELLED: BookingStatus.CANCELLED,
}
ONFLEET: Final = "Onfleet"
LATE_SHARE: Final = 0.06


class Writer:
    """Turns plans into rows of all the tables that a booking touches."""

    def __init__(self, book: PriceBook, code_id: UUID, office: Sequence[UUID], rng: Random) -> None:
        self._book, self._code_id, self._office, self._rng = book, code_id, office, rng
        self._windows = Windows()
        self._now = clock.now()
        self.guests, self.addresses = Sheet(GuestCheckout), Sheet(Address)
        self.bookings, self.lines = Sheet(Booking), Sheet(BookingLine)
        self.items, self.uses = Sheet(BookingSpecialtyItem), Sheet(DiscountUse)
        self.events, self.tasks = Sheet(BookingEvent), Sheet(OnfleetTask)
        self.payments, self.refunds = Sheet(Payment), Sheet(Refund)
        self.audits, self.cancellations = Sheet(PaymentAudit), Sheet(Cancellation)

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        """All of them; addresses before the bookings whose search text a trigger makes of them."""
        return (
            *(self.guests, self.addresses, self.bookings, self.lines, self.items, self.uses),
            *(self.events, self.tasks, self.payments, self.refunds, self.audits),
            self.cancellations,
        )

    def add(self, plan: Plan, number: str) -> None:
        """All rows of one order, under its number."""
        pk, placed = uuid4(), plan.placed_at
        paid_at = self._paid_at(plan)
        over_at = self._over_at(plan, paid_at)
        self._booking(plan, pk, number, paid_at, over_at)
        self._price(plan, pk)
        self._event(pk, placed, EventKind.PLACED, "", BookingStatus.PENDING, "customer", total=plan)
        if paid_at is not None:
            self._paid(plan, pk, paid_at, over_at)
        if plan.fate == Fate.CONFIRMED:
            actor = self._rng.choice(self._office) if self._office else None
            moved = BookingStatus.PENDING, BookingStatus.CONFIRMED, "staff"
            self._event(pk, self._confirmed_at(plan), EventKind.MOVED, *moved, actor=actor)
        if plan.fate == Fate.LAPSED and over_at is not None:
            released = placed + timedelta(minutes=60)
            reason = "checkout ended unpaid"
            self._event(pk, released, EventKind.HOLD_RELEASED, reason=reason)
            moved = BookingStatus.PENDING, BookingStatus.CANCELLED, "system"
            self._event(pk, over_at, EventKind.MOVED, *moved, reason="unpaid")
        self._deliver(plan, pk, over_at)

    # -- moments ---------------------------------------------------------------

    def _paid_at(self, plan: Plan) -> datetime | None:
        if plan.fate not in EARNING:
            return None
        return plan.placed_at + timedelta(seconds=self._rng.randint(50, 900))

    def _confirmed_at(self, plan: Plan) -> datetime:
        return plan.placed_at + timedelta(minutes=self._rng.randint(1, 50))

    def _over_at(self, plan: Plan, paid_at: datetime | None) -> datetime | None:
        """When it was delivered or cancelled."""
        if plan.fate == Fate.COMPLETED:
            return self._delivered_at(plan)
        if plan.fate == Fate.LAPSED:
            return plan.placed_at + timedelta(hours=25 + 14 * self._rng.random())
        if plan.fate == Fate.CANCELLED and paid_at is not None:
            cutoff = clock.at(plan.day - timedelta(days=1), time(18))
            span = min(cutoff, self._now) - paid_at
            return paid_at + self._rng.random() * span
        return None

    def _delivered_at(self, plan: Plan) -> datetime:
        start, end = self._windows.of(plan)[1]
        if self._rng.random() < LATE_SHARE:
            return end + timedelta(minutes=self._rng.randint(1, 50))
        return start + (0.3 + 0.7 * self._rng.random()) * (end - start)

    # -- the booking -----------------------------------------------------------

    def _booking(
        self,
        plan: Plan,
        pk: UUID,
        number: str,
        paid_at: datetime | None,
        over_at: datetime | None,
    ) -> None:
        person, columns, placed = plan.person, plan.priced.columns, plan.placed_at
        contact = {
            "first_name": "Demo",
            "last_name": person.last_name,
            "email": person.email,
            "phone": person.phone,
        }
        guest_id = None
        if person.user_id is None:
            guest_id = uuid4()
            self.guests.add(id=guest_id, created_at=placed, **contact)
        self.bookings.add(
            id=pk,
            booking_number=number,
            draft_version=1,
            customer_id=person.user_id,
            guest_checkout_id=guest_id,
            pickup_address_id=self._address(plan, plan.start, "pickup"),
            delivery_address_id=self._address(plan, plan.end, "delivery"),
            pickup_date=plan.day,
            blade_flight_date=plan.day if columns["blade_airport"] else None,
            status=STATUS[plan.fate].value,
            paid_at=paid_at,
            completed_at=over_at if plan.fate == Fate.COMPLETED else None,
            cancelled_at=over_at if STATUS[plan.fate] == BookingStatus.CANCELLED else None,
            cancellation_reason="unpaid" if plan.fate == Fate.LAPSED else "",
            hold_released_at=self._released_at(plan, over_at),
            # Nobody is mailed about what never was: both have been seen to.
            reminded_at=placed,
            review_requested_at=placed,
            terms_version=TERMS_VERSION,
            terms_accepted_at=placed,
            terms_user_agent=MARK,
            version=2 + (paid_at is not None) + (over_at is not None),
            created_at=placed,
            updated_at=over_at or paid_at or placed,
            **contact,
            **columns,
        )

    def _released_at(self, plan: Plan, over_at: datetime | None) -> datetime | None:
        if plan.fate == Fate.LAPSED:
            return plan.placed_at + timedelta(minutes=60)
        return over_at if plan.fate == Fate.CANCELLED else None

    def _address(self, plan: Plan, home: Home, side: str) -> UUID:
        pk = uuid4()
        line_1, line_2 = home.lines
        city, state, zip_code = home.spot.city, home.spot.state, home.spot.zip_code
        if side == plan.basket.request.airport_side:
            airport = AIRPORTS[plan.basket.request.blade_airport]
            line_1, line_2, city = airport.address_line_1, "", airport.city
            state, zip_code = airport.state, airport.zip_code
        self.addresses.add(
            id=pk,
            customer_id=plan.person.user_id,
            address_line_1=line_1,
            address_line_2=line_2,
            city=city,
            state=state,
            zip_code=zip_code,
            created_at=plan.placed_at,
        )
        return pk

    def _price(self, plan: Plan, pk: UUID) -> None:
        for position, line in enumerate(plan.priced.lines, start=1):
            self.lines.add(
                booking_id=pk,
                position=position,
                code=line.code,
                label=line.label,
                amount_cents=line.cents,
                note=line.note,
                reason=line.reason,
            )
        for item_id, name, quantity, cents in plan.priced.specialty:
            self.items.add(
                booking_id=pk,
                specialty_item_id=item_id,
                name=name,
                quantity=quantity,
                unit_price_cents=cents,
            )
        if plan.has_code:
            lapsed = plan.fate == Fate.LAPSED
            self.uses.add(
                id=uuid4(),
                booking_id=pk,
                code_id=self._code_id,
                email=plan.person.email,
                amount_cents=plan.priced.discount_cents,
                released_at=plan.placed_at + timedelta(minutes=60) if lapsed else None,
                created_at=plan.placed_at,
            )

    # -- the money ---------------------------------------------------------------

    def _paid(self, plan: Plan, pk: UUID, paid_at: datetime, over_at: datetime | None) -> None:
        payment_id, cents = uuid4(), plan.priced.total_cents
        back_cents = 0
        moved = BookingStatus.PENDING, BookingStatus.PAID, "system"
        self._event(pk, paid_at, EventKind.MOVED, *moved, reason=f"payment {payment_id}")
        self._audit(payment_id, AuditKind.PAYMENT_CREATED, cents, plan.placed_at)
        self._audit(payment_id, AuditKind.PAYMENT_SUCCEEDED, cents, paid_at)
        if plan.fate == Fate.CANCELLED and over_at is not None:
            back_cents = self._cancelled(plan, pk, payment_id, over_at)
        status = PaymentStatus.SUCCEEDED
        if back_cents:
            status = PaymentStatus.REFUNDED
            if back_cents < cents:
                status = PaymentStatus.PARTIALLY_REFUNDED
        self.payments.add(
            id=payment_id,
            booking_id=pk,
            customer_id=plan.person.user_id,
            method=Method.DEMO.value,
            amount_cents=cents,
            status=status.value,
            processed_at=paid_at,
            created_at=plan.placed_at,
            updated_at=paid_at,
        )

    def _cancelled(self, plan: Plan, pk: UUID, payment_id: UUID, at: datetime) -> int:
        """Cancelled by the customer; the cents that the policy gave back."""
        rules = self._book.rules(SurchargeType.PEAK_DATE, plan.basket.service)
        terms = refund_terms(
            window_start=self._windows.of(plan)[0][0],
            now=at,
            policy=self._book.policy,
            is_peak=any(rule.covers_day(plan.day) for rule in rules),
        )
        cents = refund_cents(plan.priced.total_cents, terms)
        self._event(pk, at, EventKind.HOLD_RELEASED, reason="cancelled")
        moved = BookingStatus.PAID, BookingStatus.CANCELLED, "customer"
        self._event(pk, at + timedelta(milliseconds=1), EventKind.MOVED, *moved)
        kind = CancellationKind.POLICY.value
        self.cancellations.add(
            id=uuid4(), booking_id=pk, kind=kind, refund_cents=cents, created_at=at
        )
        if cents:
            refund_id, done = uuid4(), at + timedelta(minutes=2)
            self.refunds.add(
                id=refund_id,
                payment_id=payment_id,
                kind=RefundKind.POLICY.value,
                amount_cents=cents,
                reason="Cancelled, by the policy",
                status=RefundStatus.COMPLETED.value,
                approved_at=at,
                completed_at=done,
                created_at=at,
            )
            for audit, moment in (
                (AuditKind.REFUND_REQUESTED, at),
                (AuditKind.REFUND_APPROVED, at),
                (AuditKind.REFUND_COMPLETED, done),
            ):
                self._audit(payment_id, audit, cents, moment, refund_id)
        return cents

    def _audit(
        self,
        payment_id: UUID,
        kind: AuditKind,
        cents: int,
        at: datetime,
        refund_id: UUID | None = None,
    ) -> None:
        self.audits.add(
            id=uuid4(),
            payment_id=payment_id,
            refund_id=refund_id,
            kind=kind.value,
            amount_cents=cents,
            created_at=at,
        )

    # -- the road ----------------------------------------------------------------

    def _deliver(self, plan: Plan, pk: UUID, over_at: datetime | None) -> None:
        """Both tasks, over in every case: a demonstration is never sent to a driver."""
        if plan.fate not in (Fate.COMPLETED, Fate.PAID, Fate.CONFIRMED):
            return
        pickup_id, dropoff_id = uuid4(), uuid4()
        pickup, dropoff = self._windows.of(plan)
        picked_up = pickup[0] + self._rng.random() * (pickup[1] - pickup[0])
        done = over_at if plan.fate == Fate.COMPLETED else None
        picked_up = min(picked_up, done - timedelta(minutes=20)) if done else picked_up
        self._task(plan, pk, pickup_id, TaskKind.PICKUP, pickup, done and picked_up, None)
        self._task(plan, pk, dropoff_id, TaskKind.DROPOFF, dropoff, done, pickup_id)
        if done:
            for kind, moment in ((TaskKind.PICKUP, picked_up), (TaskKind.DROPOFF, done)):
                after = json.dumps({"task": kind.value, "status": TaskStatus.COMPLETED.value})
                self._event(pk, moment, EventKind.DELIVERY, label=ONFLEET, after=after)
            moved = BookingStatus.PAID, BookingStatus.COMPLETED, ONFLEET
            at, reason = done + timedelta(milliseconds=1), "the drop-off was completed"
            self._event(pk, at, EventKind.MOVED, *moved, reason=reason)

    def _task(
        self,
        plan: Plan,
        booking_id: UUID,
        pk: UUID,
        kind: TaskKind,
        asked: Window,
        done: datetime | None,
        after_id: UUID | None,
    ) -> None:
        status = TaskStatus.COMPLETED if done else TaskStatus.DELETED
        self.tasks.add(
            id=pk,
            booking_id=booking_id,
            kind=kind.value,
            depends_on_id=after_id,
            environment=Environment.SANDBOX.value,
            onfleet_task_id=f"demo-{pk.hex}" if done else "",
            status=status.value,
            window_start=asked[0],
            window_end=asked[1],
            driver_name="Demo" if done else "",
            started_at=done - timedelta(minutes=25) if done else None,
            arrived_at=done - timedelta(minutes=6) if done else None,
            completed_at=done,
            completion_notes="" if done else "A demonstration is not sent to a driver.",
            created_at=plan.placed_at,
            updated_at=done or plan.placed_at,
        )

    def _event(
        self,
        booking_id: UUID,
        at: datetime,
        kind: EventKind,
        before: str = "",
        after_status: str = "",
        label: str = "system",
        *,
        reason: str = "",
        actor: UUID | None = None,
        after: str = "{}",
        total: Plan | None = None,
    ) -> None:
        if total is not None:
            after = json.dumps({"total_price_cents": total.priced.total_cents})
        self.events.add(
            id=uuid4(),
            booking_id=booking_id,
            kind=kind.value,
            from_status=str(before),
            to_status=str(after_status),
            actor_id=actor,
            actor_label=label,
            reason=reason,
            after=after,
            created_at=at,
        )
