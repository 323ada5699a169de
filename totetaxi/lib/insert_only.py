"""Tables that only grow: the database refuses to change or delete their rows."""

from django.db.migrations import RunSQL

# The wipe command of test data alone sets this, in its own transaction: SET LOCAL totetaxi.wipe.
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
