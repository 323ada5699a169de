"""Tables that only grow: the database refuses to change or delete their rows."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.migrations import RunSQL

# Two commands alone set this, in their own transaction: wipe_test_data and delete_person.
FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('totetaxi.wipe', true) = 'on' THEN
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
  END IF;
  RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;
"""


def insert_only(table: str) -> RunSQL:
    """A migration operation: UPDATE and DELETE of rows of ``table`` are refused, not TRUNCATE."""
    trigger = f"{table}_insert_only"
    return RunSQL(
        sql=f"""{FUNCTION}
        CREATE TRIGGER {trigger} BEFORE UPDATE OR DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION refuse_change();""",
        reverse_sql=f"DROP TRIGGER IF EXISTS {trigger} ON {table};",
    )


@contextmanager
def guard_open() -> Iterator[None]:
    """Let the caller's transaction change and delete rows of insert-only tables (rule R692).

    For wiping test data and for taking a person out, and nothing else. It ends with the block.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("The guard opens inside a transaction only")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL totetaxi.wipe = 'on'")
        yield
        cursor.execute("SET LOCAL totetaxi.wipe = 'off'")
