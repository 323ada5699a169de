from django.apps import AppConfig


class BookingConfig(AppConfig):
    name = "booking"
    label = "booking"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Bookings"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from booking import handlers, jobs  # noqa: F401  (registers outbox handlers and jobs)
        from booking.wizard.session import resume_at_sign_in

        user_logged_in.connect(resume_at_sign_in, dispatch_uid="booking.resume_at_sign_in")
