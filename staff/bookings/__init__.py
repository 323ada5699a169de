"""The office's work on bookings: finding, reading, changing, making them."""
