import pytest

from totetaxi.outbox import registry


@pytest.fixture
def empty_registry(monkeypatch):
    """No handlers and jobs but those the test registers, which leave nothing behind."""
    for name in ("_handlers", "_names_by_event", "_jobs"):
        monkeypatch.setattr(registry, name, {})
