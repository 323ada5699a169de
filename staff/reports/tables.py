"""Reports as tables: the same rows on the page, behind the plots and in the CSV files."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from booking.models import BookingStatus
from logistics.models import TaskKind
from staff.exports import dollars
from staff.reports import deliveries, orders, plots
from staff.reports import money as reporting
from staff.reports.deliveries import Kept
from staff.reports.money import Money, Period, Span, Step, Sums
from staff.reports.orders import Fates, Orders, Repeats
from totetaxi.lib.money import usd, usd_short

#: How long before the pickup people order: (first day, last day or None, words).
LEAD_STEPS: Final = (
    (0, 0, "The same day"),
    (1, 1, "The day before"),
    (2, 3, "2–3 days"),
    (4, 7, "4–7 days"),
    (8, 14, "8–14 days"),
    (15, 30, "15–30 days"),
    (31, 60, "31–60 days"),
    (61, None, "More than 60 days"),
)


def cents(value: Any) -> str:
    return usd(value)


def count(value: Any) -> str:
    return f"{value:,}"


def tenths(value: Any) -> str:
    """Tenths of a per cent: "33.3 %"."""
    return f"{value // 10}.{value % 10} %"


def text(value: Any) -> str:
    return str(value)


def day(value: date) -> str:
    return f"{value:%a, %b} {value.day}, {value.year}"


Shown = Callable[[Any], str]


@dataclass(frozen=True)
class Column:
    """A heading, and how the values below it are written; numbers stand at the right."""

    label: str
    shown: Shown = text

    @property
    def is_number(self) -> bool:
        return self.shown in (cents, count, tenths)

    def plain(self, value: Any) -> str:
        """For a spreadsheet: dollars with two decimals, dates as 2026-06-13, nothing for None."""
        if value is None:
            return ""
        if self.shown is cents:
            return dollars(value)
        if self.shown is tenths:
            return f"{value // 10}.{value % 10}"
        return value.isoformat() if isinstance(value, date) else str(value)


Row = tuple[Any, ...]


@dataclass(frozen=True)
class Cell:
    text: str
    is_number: bool


@dataclass(frozen=True)
class Table:
    """One report. ``bar`` is the column whose numbers are also drawn, beside each row."""

    key: str
    title: str
    note: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row | None = None
    bar: int | None = None
    empty: str = "Nothing in these days."

    @property
    def shown_rows(self) -> list[tuple[list[Cell], int]]:
        """The cells of each row, and the length of its bar (0 to 100)."""
        bars = [row[self.bar] for row in self.rows] if self.bar is not None else []
        most = max(bars, default=0)
        lengths = [plots.share(value, most) for value in bars] or [0] * len(self.rows)
        return [(self._cells(row), length) for row, length in zip(self.rows, lengths, strict=True)]

    @property
    def shown_total(self) -> list[Cell]:
        return self._cells(self.total) if self.total else []

    def _cells(self, row: Row) -> list[Cell]:
        return [
            Cell("" if value is None else column.shown(value), column.is_number)
            for column, value in zip(self.columns, row, strict=True)
        ]

    @property
    def csv_header(self) -> list[str]:
        return [column.label for column in self.columns]

    @property
    def csv_rows(self) -> list[list[str]]:
        return [
            [column.plain(value) for column, value in zip(self.columns, row, strict=True)]
            for row in self.rows
        ]


MONEY_COLUMNS: Final = (
    Column("Gross", cents),
    Column("Refunds", cents),
    Column("Net", cents),
)


def money_of(sums: Sums) -> Row:
    return (sums.gross_cents, sums.refunds_cents, sums.net_cents)


@dataclass(frozen=True)
class Report:
    """Everything about a span: figures, the plot and the tables."""

    span: Span
    step: Step
    money: Money
    total: Sums
    orders: Orders
    repeats: Repeats
    fates: Fates
    kept: Kept
    median_lead: int | None
    sent_back_cents: int
    periods: tuple[Period, ...]
    tables: tuple[Table, ...]

    @property
    def discount_cents(self) -> int:
        table = next(one for one in self.tables if one.key == "discounts")
        return sum(row[2] for row in table.rows)

    @property
    def plot(self) -> plots.Plot:
        """Net revenue in front of gross, a column for each period."""
        return plots.plot(
            [
                plots.Value(
                    tick=tick_words(period, self.step),
                    title=f"{period_words(period)}: {usd_short(period.sums.net_cents)} net of "
                    f"{usd_short(period.sums.gross_cents)}",
                    whole=period.sums.gross_cents,
                    part=max(period.sums.net_cents, 0),
                )
                for period in self.periods
            ]
        )

    def table(self, key: str) -> Table | None:
        return next((one for one in self.tables if one.key == key), None)


def report(span: Span, step: Step, money: Money) -> Report:
    """Read everything; the number of queries does not grow with the span."""
    taken = reporting.takings(span, money)
    made = orders.orders(span, money)
    lead = orders.lead_days(span, money)
    fates = orders.fates(span, money)
    kept = deliveries.kept(span, money)
    periods = reporting.by_period(taken, made.by_day, span, step)
    total = reporting.total(taken)
    return Report(
        span=span,
        step=step,
        money=money,
        total=total,
        orders=made,
        repeats=orders.repeats(span, money),
        fates=fates,
        kept=kept,
        median_lead=orders.median(lead),
        sent_back_cents=reporting.sent_back(span, money),
        periods=tuple(periods),
        tables=(
            _revenue(periods, step, total, made.count),
            _services(reporting.by_service(taken, made.by_service), total, made.count),
            _methods(reporting.by_method(taken), total),
            _lead(lead),
            _fates(fates),
            _windows(kept),
            _customers(orders.top_customers(span, money)),
            _discounts(orders.discounts(span, money)),
            _places(orders.places(span, money)),
        ),
    )


def period_words(period: Period) -> str:
    """ "Sun, Mar 8, 2026", or both ends of more than a day."""
    if period.first == period.last:
        return day(period.first)
    return f"{day(period.first)} to {day(period.last)}"


def tick_words(period: Period, step: Step) -> str:
    """ "Mar" or "Mar 8"."""
    first = period.first
    return f"{first:%b}" if step == Step.MONTH else f"{first:%b} {first.day}"


def _revenue(periods: Sequence[Period], step: Step, total: Sums, count_of_orders: int) -> Table:
    days = (Column("Day", day),) if step == Step.DAY else (Column("From", day), Column("To", day))
    return Table(
        "revenue",
        "Revenue",
        "By the New York day the money was taken. A refund lowers the day of its payment.",
        (*days, Column("Orders", count), *MONEY_COLUMNS),
        tuple(
            (*(one.first, one.last)[: len(days)], one.orders, *money_of(one.sums))
            for one in periods
        ),
        (*(None for _ in days), count_of_orders, *money_of(total)),
    )


def _services(lines: Sequence[reporting.ServiceLine], total: Sums, count_of_orders: int) -> Table:
    return Table(
        "services",
        "By service",
        "Paid and completed bookings; below them the money that belongs to no such booking.",
        (Column("Service"), Column("Orders", count), *MONEY_COLUMNS),
        tuple((line.label, line.orders, *money_of(line.sums)) for line in lines),
        ("All", count_of_orders, *money_of(total)),
        bar=4,
    )


def _methods(lines: Sequence[tuple[str, Sums]], total: Sums) -> Table:
    return Table(
        "methods",
        "How it was paid",
        "Money outside Stripe is what the office wrote down; it is in no comparison with Stripe.",
        (Column("Way"), Column("Payments", count), *MONEY_COLUMNS),
        tuple((label, sums.payments, *money_of(sums)) for label, sums in lines),
        ("All", total.payments, *money_of(total)),
        bar=4,
    )


def _lead(lead: Counter[int]) -> Table:
    rows = []
    for first, last, words in LEAD_STEPS:
        inside = (n for days, n in lead.items() if days >= first and (last is None or days <= last))
        rows.append((words, sum(inside)))
    return Table(
        "lead-time",
        "Lead time",
        "From ordering to pickup, of the orders paid in these days.",
        (Column("Ordered before the pickup"), Column("Orders", count)),
        tuple(rows),
        ("All", sum(lead.values())),
        bar=1,
    )


def _fates(fates: Fates) -> Table:
    labels = dict(BookingStatus.choices)
    return Table(
        "statuses",
        "Bookings by status",
        "Of the bookings with a pickup in these days.",
        (Column("Status"), Column("Bookings", count), Column("Share", tenths)),
        tuple(
            (labels[status], number, reporting.tenths(number, fates.all))
            for status, number in fates.by_status.items()
        ),
        ("All", fates.all, reporting.tenths(fates.all, fates.all)),
        bar=1,
    )


def _windows(kept: Kept) -> Table:
    rows = tuple(
        (TaskKind(kind).label, done, on_time, done - on_time, reporting.tenths(on_time, done))
        for kind, (done, on_time) in kept.by_kind.items()
        if done
    )
    return Table(
        "on-time",
        "On time",
        "Tasks that drivers completed, by the New York day their window ended.",
        (
            Column("Task"),
            Column("Completed", count),
            Column("In their window", count),
            Column("Late", count),
            Column("Share", tenths),
        ),
        rows,
        ("All", kept.done, kept.on_time, kept.done - kept.on_time, kept.tenths),
        bar=4,
        empty="Nothing was delivered in these days.",
    )


def _customers(customers: Sequence[orders.Customer]) -> Table:
    return Table(
        "customers",
        "Top customers",
        "By email, with and without an account: paid and completed bookings, the ten largest.",
        (Column("Customer"), Column("Email"), Column("Orders", count), *MONEY_COLUMNS),
        tuple((one.name, one.email, one.orders, *money_of(one.sums)) for one in customers),
        bar=5,
    )


def _discounts(discounts: Sequence[orders.Discount]) -> Table:
    return Table(
        "discounts",
        "Discount codes",
        "What codes took off the orders paid in these days.",
        (Column("Code"), Column("Uses", count), Column("Cost", cents)),
        tuple((one.code, one.uses, one.cents) for one in discounts),
        ("All", sum(one.uses for one in discounts), sum(one.cents for one in discounts)),
        bar=2,
        empty="No code was used.",
    )


def _places(places: Sequence[orders.Place]) -> Table:
    return Table(
        "zips",
        "Busiest ZIP codes",
        "Pickups and drop-offs of the orders paid in these days, the 25 busiest.",
        (
            Column("ZIP code"),
            Column("Area"),
            Column("Pickups", count),
            Column("Drop-offs", count),
            Column("Both", count),
        ),
        tuple((one.zip_code, one.label, one.pickups, one.deliveries, one.total) for one in places),
        bar=4,
    )
