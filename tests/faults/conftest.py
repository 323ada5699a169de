"""One running site to break; ``make test-faults`` runs these tests."""

from collections.abc import Iterator

import pytest

from tests.site import Site, running_site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site")) as running:
        yield running
