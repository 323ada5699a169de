"""Work on the clock about deliveries. Each job has a switch, runs alone, and can be run by hand."""

from logistics import services
from totetaxi.outbox.registry import job


@job("dispatch_retry", cron="*/5 * * * *", label="Send to Onfleet what is not there yet")
def dispatch_retry() -> str:
    return services.catch_up()


@job("onfleet_sync", cron="*/15 * * * *", label="Ask Onfleet how far its tasks are")
def onfleet_sync() -> str:
    return f"{services.sync_open_tasks()}; {services.watch_webhooks()}"
