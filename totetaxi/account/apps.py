"""The customer's own pages over bookings and payments."""

from django.apps import AppConfig


class AccountConfig(AppConfig):
    """The customer's own pages over bookings and payments."""

    name = "totetaxi.account"
    label = "customer_account"  # Plain "account" is the label of allauth's app.
