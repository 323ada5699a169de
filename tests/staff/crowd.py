"""Very many bookings and customers at once, written by the database itself."""

from django.db import connection

# Names, streets and mails are made of the number, so that a search can be for exactly one row.
BOOKINGS = """
WITH ends AS (
  INSERT INTO booking_address
    (id, address_line_1, address_line_2, city, state, zip_code, created_at)
  SELECT gen_random_uuid(), n || ' Maple Street', '', 'Southampton', 'NY', '11968', now()
  FROM generate_series(1, 500) AS n RETURNING id
), numbered AS (
  SELECT id, row_number() OVER () AS n FROM ends
), guests AS (
  INSERT INTO booking_guestcheckout (id, first_name, last_name, email, phone, created_at)
  SELECT gen_random_uuid(), 'Guest', 'Number' || n, 'guest' || n || '@example.com',
    to_char(2120000000 + n, 'FM0000000000'), now()
  FROM generate_series(1, %(count)s) AS n RETURNING id, last_name, email, phone
), lines AS (
  SELECT *, row_number() OVER () AS n FROM guests
)
INSERT INTO booking_booking ({columns}) SELECT {values}
FROM lines JOIN numbered ON numbered.n = lines.n %% 500 + 1
"""
BOOKING = {
    "id": "gen_random_uuid()",
    "booking_number": "'TT-' || to_char(500000 + lines.n, 'FM000000')",
    "guest_checkout_id": "lines.id",
    "first_name": "'Guest'",
    "last_name": "lines.last_name",
    "email": "lines.email",
    "phone": "lines.phone",
    "service_type": "'standard_delivery'",
    "standard_delivery_item_count": "3",
    "pickup_address_id": "numbered.id",
    "delivery_address_id": "numbered.id",
    "pickup_date": "date '2026-01-01' + (lines.n %% 700)::int",
    "pickup_time": "'morning'",
    "status": "'pending'",
    "total_price_cents": "0",
    "organizing_tax_percent": "8.875",
    "capacity_units": "1",
    "hold_released_at": "now()",
    "version": "1",
    "draft_version": "0",
    "created_at": "now() - lines.n * interval '1 minute'",
    "updated_at": "now()",
}
CUSTOMERS = """
WITH people AS (
  INSERT INTO users_user ({user_columns})
  SELECT {user_values} FROM generate_series(1, %(count)s) AS n RETURNING id
), numbered AS (SELECT id, row_number() OVER () AS n FROM people)
INSERT INTO booking_customerprofile ({columns}) SELECT {values} FROM numbered
"""
USER = {
    "id": "gen_random_uuid()",
    "password": "'!'",
    "email": "'customer' || n || '@example.com'",
    "first_name": "'Customer'",
    "last_name": "'Family' || n",
    "is_active": "true",
    "is_staff": "false",
    "is_superuser": "false",
    "date_joined": "now()",
}
PROFILE = {
    "user_id": "id",
    "phone": "to_char(6310000000 + n, 'FM0000000000')",
    "preferred_pickup_time": "'morning'",
    "created_at": "now()",
    "updated_at": "now()",
}


def many_bookings(count: int) -> None:
    """Bookings TT-500001 and on, of "Guest Number1" and on, pending and without a place."""
    _insert(BOOKINGS, "booking_booking", BOOKING, count)
    _settle("booking_search")


def many_customers(count: int) -> None:
    """Customers "Customer Family1" and on."""
    columns, values = _columns("users_user", USER)
    sql = CUSTOMERS.replace("{user_columns}", columns).replace("{user_values}", values)
    _insert(sql, "booking_customerprofile", PROFILE, count)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE users_user")
    _settle("customer_search")


def _insert(sql: str, table: str, given: dict[str, str], count: int) -> None:
    columns, values = _columns(table, given)
    sql = sql.replace("{columns}", columns).replace("{values}", values)
    with connection.cursor() as cursor:
        cursor.execute(sql, {"count": count})
        cursor.execute(f"ANALYZE {table}")


def _settle(index: str) -> None:
    """Work in what was just added, as autovacuum does in time; until then the index costs more."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list(%s)", [index])


def _columns(table: str, given: dict[str, str]) -> tuple[str, str]:
    """The columns and values of an INSERT; text and switches that are not given stay empty."""
    empty = {"character varying": "''", "text": "''", "boolean": "false", "smallint": "0"}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns "
            "WHERE table_name = %s AND is_nullable = 'NO' AND column_default IS NULL "
            "AND is_identity = 'NO'",
            [table],
        )
        needed = {name: empty.get(kind, "0") for name, kind in cursor.fetchall()}
    values = {**needed, **given}
    return ", ".join(values), ", ".join(values.values())
