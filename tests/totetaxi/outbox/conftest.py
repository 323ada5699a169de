import pytest
from anymail.signals import AnymailTrackingEvent, tracking

from totetaxi.outbox import registry


@pytest.fixture
def empty_registry(monkeypatch):
    """No handlers and jobs but those the test registers, which leave nothing behind."""
    for name in ("_handlers", "_names_by_event", "_jobs"):
        monkeypatch.setattr(registry, name, {})


@pytest.fixture
def hello(settings, tmp_path):
    """Two short mails: "hello" and "bye"."""
    folder = tmp_path / "emails"
    folder.mkdir()
    for name in ("hello", "bye"):
        (folder / f"{name}.subject.txt").write_text(f"{name.title()}{{{{ who }}}}")
        (folder / f"{name}.txt").write_text("{{ body }}")
        (folder / f"{name}.html").write_text("<p>{{ body }}</p>")
    engine = settings.TEMPLATES[0]
    settings.TEMPLATES = [{**engine, "DIRS": [tmp_path, *engine["DIRS"]]}]


@pytest.fixture
def report():
    """report(event_type, provider_id, recipient): what a webhook of anymail sends out."""

    def send(event_type, provider_id, recipient, **fields):
        event = AnymailTrackingEvent(
            event_type=event_type, message_id=provider_id, recipient=recipient, **fields
        )
        tracking.send(sender=object, event=event, esp_name="Any")

    return send
