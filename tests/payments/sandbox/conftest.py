"""One stand-in for all tests here, emptied before each; those about restarts start their own."""

from collections.abc import Iterator

import pytest

from tests.payments.sandbox.helpers import Receiver, Sandbox


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path_factory.mktemp("stripe"))
    yield sandbox
    assert sandbox.stop() == 0


@pytest.fixture
def sandbox(running_sandbox) -> Sandbox:
    """An empty stand-in that sends its webhooks nowhere."""
    running_sandbox.control("webhooks", url="")
    running_sandbox.control("reset")
    return running_sandbox


@pytest.fixture
def receiver(sandbox) -> Iterator[Receiver]:
    """Receives the webhooks of ``sandbox``."""
    receiver = Receiver()
    sandbox.control("webhooks", url=receiver.url)
    yield receiver
    sandbox.control("webhooks", url="")
    receiver.close()
