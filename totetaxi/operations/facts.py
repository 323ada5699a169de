"""What a database holds, said so that two databases can be compared to the last row."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql

from payments.services.invariants import check_all

# Rows that migrations write: a database with no others is as good as an empty one.
OF_MIGRATIONS = {"django_migrations", "django_content_type", "auth_permission"}
# Differing tables shown one by one.
SHOWN = 20


@dataclass(frozen=True)
class Table:
    """A table's rows: how many, and a sum over their contents in which their order has no part."""

    rows: int
    content: str


@dataclass(frozen=True)
class Invariant:
    """What ``check_invariants`` says of one invariant."""

    number: str
    title: str
    checked: int
    offenders: tuple[str, ...]
    apart: dict[str, int]


@dataclass(frozen=True)
class Facts:
    """Everything that must be the same before and after."""

    tables: dict[str, Table]
    invariants: tuple[Invariant, ...]

    def differences(self, other: "Facts") -> list[str]:
        """What differs in ``other``, as sentences."""
        return [*self._of_tables(other), *self._of_invariants(other)]

    def _of_tables(self, other: "Facts") -> Iterator[str]:
        names = sorted({*self.tables, *other.tables})
        differing = [name for name in names if self.tables.get(name) != other.tables.get(name)]
        for name in differing[:SHOWN]:
            before, after = self.tables.get(name), other.tables.get(name)
            if before is None or after is None:
                yield f"table {name} is {'missing' if after is None else 'new'}"
            elif before.rows != after.rows:
                yield f"table {name} has {after.rows} rows instead of {before.rows}"
            else:
                yield f"table {name} has {after.rows} rows, but not the same"
        if len(differing) > SHOWN:
            yield f"and {len(differing) - SHOWN} more tables differ"

    def _of_invariants(self, other: "Facts") -> Iterator[str]:
        for before, after in zip(self.invariants, other.invariants, strict=True):
            if before != after:
                yield (
                    f"{before.number} ({before.title}): {after.checked} checked and "
                    f"{len(after.offenders)} broken instead of {before.checked} and "
                    f"{len(before.offenders)}"
                )


def facts(*, at: datetime, step: Callable[[], None] = lambda: None) -> Facts:
    """Read everything, in one view of the database if the caller's transaction is one.

    ``at`` is the moment (real time) that "late" is judged by, so that a restored database is not
    worse than its backup only because time has passed. Calls ``step`` after each
    table, and after the invariants.
    """
    tables = {}
    with transaction.atomic(), connection.cursor() as cursor:
        # How values are written decides the sums.
        cursor.execute(
            "SET LOCAL timezone TO 'UTC'; SET LOCAL datestyle TO ISO; SET LOCAL intervalstyle TO"
            " postgres; SET LOCAL bytea_output TO hex; SET LOCAL extra_float_digits TO 1;"
            " SET LOCAL statement_timeout TO 0"
        )
        for name in table_names():
            tables[name] = _table(cursor, name)
            step()
        found = tuple(_invariants(at))
        step()
    return Facts(tables, found)


def table_names() -> list[str]:
    """All tables of the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
        )
        return [name for (name,) in cursor.fetchall()]


def tables_with_rows() -> list[str]:
    """The tables that hold more than what migrations themselves write."""
    with connection.cursor() as cursor:
        filled = []
        for name in sorted({*table_names()} - OF_MIGRATIONS):
            cursor.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(name)))
            if cursor.fetchone():
                filled.append(name)
    return filled


def applied_migrations() -> list[str]:
    """The migrations that the database has seen, as "app.name"."""
    return sorted(".".join(key) for key in MigrationRecorder(connection).applied_migrations())


def known_migrations() -> list[str]:
    """The migrations that this code brings, as "app.name"; those they replace are not counted."""
    return sorted(".".join(key) for key in MigrationLoader(None).graph.nodes)


def _table(cursor: Any, name: str) -> Table:
    query = sql.SQL(
        "SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0)::text"
        " FROM {} AS t"
    )
    cursor.execute(query.format(sql.Identifier(name)))
    return Table(*cursor.fetchone())


def _invariants(at: datetime) -> Iterator[Invariant]:
    for result in check_all(now=at):
        yield Invariant(
            result.number, result.title, result.checked, result.offenders, dict(result.apart)
        )
