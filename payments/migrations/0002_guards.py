"""The money's history only grows."""

from django.db import migrations

from totetaxi.lib.insert_only import insert_only


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]

    operations = [insert_only("payments_paymentaudit")]
