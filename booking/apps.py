from django.apps import AppConfig


class BookingConfig(AppConfig):
    name = "booking"
    label = "booking"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Bookings"

    def ready(self) -> None:
        from booking import handlers, jobs  # noqa: F401  (registers outbox handlers and jobs)
