"""Mail services are asked within the time that the queue and the alarms allow."""

from anymail.backends.amazon_ses import EmailBackend

from totetaxi.deploy.mail import anymail_settings
from totetaxi.outbox.alarms import LEASE


def test_amazon_that_is_silent_is_left_before_the_queue_ends_the_task(settings):
    settings.ANYMAIL = anymail_settings({})
    config = EmailBackend().client_params["config"]
    longest = config.retries["total_max_attempts"] * (config.connect_timeout + config.read_timeout)
    assert longest < settings.Q_CLUSTER["timeout"]
    assert longest < LEASE.total_seconds()
