"""Guests: finding a booking by number and email, and the mailed link that opens it."""
