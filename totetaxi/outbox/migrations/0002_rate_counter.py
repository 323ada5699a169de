"""The table of totetaxi.lib.counters.PgCounterCache.

``totetaxi.lib`` has no models and so no migrations; this is the lowest app that has, and its purge job
empties the table. Unlogged: counters need not survive a crash, and each hit is a write.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "CREATE UNLOGGED TABLE rate_counter ("
            " key varchar(255) PRIMARY KEY, n bigint NOT NULL, expires timestamptz NOT NULL)",
            "DROP TABLE rate_counter",
        ),
    ]
