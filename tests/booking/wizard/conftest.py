"""The wizard's tests live at noon on Thursday, June 4, 2026, in New York."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from booking.models import Draft
from booking.wizard.session import SESSION_KEY
from tests.booking.helpers import make_draft

Continue = Callable[[dict[str, Any]], Draft]


@pytest.fixture(autouse=True)
def june(settings: Any) -> None:
    """Business time; the catalog is seeded for the season that it is in."""
    settings.CLOCK_START = "2026-06-04T12:00"
    settings.CLOCK_STARTED_AT = time.time()


@pytest.fixture
def resume(client: Client, june: None, catalog: None) -> Continue:
    """Gives the browser a draft with these answers."""

    def start(answers: dict[str, Any]) -> Draft:
        draft = make_draft(answers)
        session = client.session
        session[SESSION_KEY] = str(draft.pk)
        session.save()
        return draft

    return start
