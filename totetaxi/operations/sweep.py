"""The last look: an email address is one person's, so it goes wherever it still stands.

Names and streets are not: they are taken out of the person's own rows only, for somebody else may
be called so or live there.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from django.apps import apps
from django.db import connection

TEXTS: Final = ("character varying", "text", "jsonb", "json")
COLUMNS: Final = """
SELECT tables.table_name, column_name, data_type, character_maximum_length
FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND data_type = ANY(%s)
  AND is_generated = 'NEVER'
ORDER BY table_name, column_name
"""


def columns() -> Iterator[tuple[str, str, str, int | None]]:
    """Table, column, type and longest text of everything that can hold one."""
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS, [list(TEXTS)])
        yield from cursor.fetchall()


def replace_emails(emails: Iterable[str], alias: str) -> int:
    """Put ``alias`` wherever one of these addresses still stands; how many values that were."""
    # Not a part of another address: "ann@example.com" stands in "joann@example.com", too.
    found, known = 0, list(emails)
    pattern = rf"(?<![\w.+%-])(?:{'|'.join(map(re.escape, known))})(?![\w-]|\.\w)"
    for table, column, kind, longest in columns():
        where, name = connection.ops.quote_name(table), connection.ops.quote_name(column)
        cleaned = f"regexp_replace({name}::text, %s, %s, 'gi')"
        if longest:
            cleaned = f"left({cleaned}, {longest})"
        stands = " OR ".join([f"{name}::text ILIKE %s"] * len(known))
        # Names come from the database itself, values are parameters.
        sql = f"UPDATE {where} SET {name} = {cleaned}::{kind} WHERE {stands}"  # noqa: S608 (names of the database)
        with connection.cursor() as cursor:
            cursor.execute(sql, [pattern, alias, *(f"%{_escaped(email)}%" for email in known)])
            found += cursor.rowcount
    return found


def empty_mailbox(emails: Iterable[str], numbers: Iterable[str]) -> None:
    """Outside production: throw away what the mailbox kept of mails to them or about them."""
    if not apps.is_installed("totetaxi.dev"):
        return
    mails = apps.get_model("dev", "Mail").objects
    for word in (*emails, *numbers):
        for field in ("to", "cc", "bcc", "reply_to", "text", "subject"):
            mails.filter(**{f"{field}__icontains": word}).delete()


def _escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)
