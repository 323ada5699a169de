from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "payments"
    label = "payments"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Payments"

    def ready(self) -> None:
        from payments import handlers, health, jobs  # noqa: F401  (they register with the outbox)
