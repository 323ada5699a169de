"""The project's settings, as tests run them."""

import os

os.environ["ENVIRONMENT"] = "test"

from totetaxi.settings import *  # noqa: F403 (the purpose of this file)
from totetaxi.settings import INSTALLED_APPS, MIDDLEWARE

# Real hashing takes a quarter of a second, which is its purpose; the bench measures with it.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Tests order as often as they like and send forms at once, unless they are about that.
HOLDS_PER_EMAIL = HOLDS_PER_ADDRESS = 1000
FORM_SECONDS = 0

# A page that asks the database once for each row fails its test.
INSTALLED_APPS = [*INSTALLED_APPS, "zeal"]
MIDDLEWARE = ["zeal.middleware.zeal_middleware", *MIDDLEWARE]
ZEAL_RAISE = True
ZEAL_ALLOWLIST = [
    # Django admin itself reads the rows of an inline form one by one when they are saved.
    {"model": "catalog.RefundRule", "field": "get()"},
    # Each task that is sent or read is locked anew, in a transaction of its own.
    {"model": "logistics.OnfleetTask", "field": "get()"},
    # Each step of a checkout locks its rows anew, in a transaction of its own.
    {"model": "booking.Booking", "field": "get()"},
    {"model": "booking.Draft", "field": "get()"},
    # To end a session Django reads it again; allauth reads the address of a sign-in twice.
    {"model": "sessions.Session", "field": "get()"},
    {"model": "account.EmailAddress", "field": "get()"},
    # Refunds are decided one by one, each under its own locks, and asked about at Stripe anew.
    {"model": "payments.Payment", "field": "get()"},
    {"model": "payments.Refund", "field": "get()"},
]
