"""One running site for the tests of this folder; ``make test-load`` runs them."""

from collections.abc import Iterator

import pytest

from tests.conftest import folder_for_servers
from tests.site import Site, running_site


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    with folder_for_servers() as home, running_site(home) as running:
        yield running
