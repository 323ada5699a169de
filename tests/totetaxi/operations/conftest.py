"""What the commands' tests share."""

from tests.payments.conftest import stripe  # noqa: F401  (the fixture)
