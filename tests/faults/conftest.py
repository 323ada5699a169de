"""One running site to break; ``make test-faults`` runs these tests."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.site import Site, running_site


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    # Not in pytest's own folder: another run of pytest may close that to the database meanwhile.
    with tempfile.TemporaryDirectory(prefix="totetaxi-faults-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        home.chmod(0o711)
        with running_site(home) as running:
            yield running
