"""Work on the clock for the catalog."""

from catalog import seeding
from totetaxi.outbox.registry import job


@job("extend_seasons", cron="0 4 * * *", label="Add the peak dates of new seasons")
def extend_seasons() -> str:
    """Create the peak dates that the booking horizon has reached since yesterday."""
    created = seeding.seed()
    return f"{sum(created.values())} rows created" if created else "nothing missing"
