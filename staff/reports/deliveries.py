"""Whether what was promised was kept: completed tasks in their windows, for the reports (R965)."""

from dataclasses import dataclass

from django.db.models import Count, F, Q

from logistics.models import OnfleetTask, TaskKind, TaskStatus
from staff.reports.money import Money, Span, tenths
from staff.reports.orders import bookings


@dataclass(frozen=True)
class Kept:
    """For each kind of task how many were completed, and how many of them in their window."""

    by_kind: dict[str, tuple[int, int]]

    @property
    def done(self) -> int:
        return sum(done for done, _ in self.by_kind.values())

    @property
    def on_time(self) -> int:
        return sum(on_time for _, on_time in self.by_kind.values())

    @property
    def tenths(self) -> int:
        """On time of all, in tenths of a per cent."""
        return tenths(self.on_time, self.done)


def kept(span: Span, money: Money) -> Kept:
    """Of the tasks whose window ended in the span; what has no window promised nothing."""
    completed = OnfleetTask.objects.filter(
        status=TaskStatus.COMPLETED,
        completed_at__isnull=False,
        booking__in=bookings(money),
        **span.moments("window_end"),
    )
    in_window = Count("pk", filter=Q(completed_at__lte=F("window_end")))
    groups = completed.order_by().values_list("kind").annotate(n=Count("pk"), kept=in_window)
    found = {kind: (done, on_time) for kind, done, on_time in groups}
    return Kept({kind: found.get(kind, (0, 0)) for kind in TaskKind.values})
