"""What people, robots and attackers type where an answer belongs."""

GARBAGE = [
    "",
    "\x00",
    "a\x00b",
    "🧳🛻",
    "'; DROP TABLE booking_draft; --",
    "<script>alert(1)</script>",
    "-1",
    "9" * 5000,
    "1e309",
    "NaN",
    "٣",
    "2026-02-30",
    "0001-01-01",
    "9999-12-31",
    "25:61",
    "x" * 20_000,
    "\r\n\t ",
    "\ufeff",
    "true",
    "[]",
]
# For tests that ask the whole site.
NASTIEST = ["\x00", "9" * 5000, "-1", "x" * 20_000, "9999-12-31"]
