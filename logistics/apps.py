from django.apps import AppConfig


class LogisticsConfig(AppConfig):
    name = "logistics"
    label = "logistics"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Deliveries"

    def ready(self) -> None:
        from logistics import handlers, health, jobs  # noqa: F401  (they register with the outbox)
