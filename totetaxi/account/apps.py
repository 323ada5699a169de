"""The customer's own pages over bookings and payments."""

from django.apps import AppConfig


class AccountConfig(AppConfig):
    """The customer's own pages over bookings and payments."""

    name = "totetaxi.account"
    label = "customer_account"  # Plain "account" is the label of allauth's app.

    def ready(self) -> None:
        from allauth.account.signals import user_logged_in
        from allauth.usersessions.signals import on_user_logged_in

        from totetaxi.account.guests import handlers as _  # noqa: F401  (registers itself)
        from totetaxi.account.guests import jobs as _guest_jobs  # noqa: F401  (registers itself)
        from totetaxi.account.identity import handlers, jobs, sessions  # noqa: F401

        user_logged_in.disconnect(on_user_logged_in)
        user_logged_in.connect(sessions.note_sign_in)
