"""compose.yaml names commands, settings and files that there are (R690)."""

import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from tests.totetaxi.deploy.test_env_example import variables_explained

PROJECT = Path(settings.BASE_DIR)
ENTRYPOINT = (PROJECT / "totetaxi" / "deploy" / "entrypoint").read_text()


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load((PROJECT / "compose.yaml").read_text())["services"]


@pytest.fixture(scope="module")
def ours(services):
    return {name: one for name, one in services.items() if one.get("image") == "totetaxi"}


def test_web_queue_and_release_are_one_image(ours):
    assert set(ours) == {"web", "queue", "release"}
    assert {one["build"] for one in ours.values()} == {"."}


def test_every_command_is_one_of_the_entrypoint(ours):
    words = set(re.findall(r"^    ([a-z| ]+)\)$", ENTRYPOINT, re.MULTILINE))
    known = {word.strip() for line in words for word in line.split("|")}
    assert {one["command"] for one in ours.values()} <= known


def test_every_variable_is_explained(ours):
    named = {name for one in ours.values() for name in one["environment"]}
    assert named <= variables_explained()
    asked_for = re.findall(r"\$\{([A-Z_]+)", (PROJECT / "compose.yaml").read_text())
    assert set(asked_for) <= variables_explained()


def test_nothing_starts_before_its_release(ours, services):
    for name in ("web", "queue"):
        assert ours[name]["depends_on"]["release"]["condition"] == "service_completed_successfully"
    assert ours["release"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert "healthcheck" in services["postgres"]


def test_web_and_queue_share_the_files(ours):
    assert ours["web"]["volumes"] == ours["queue"]["volumes"] == ["data:/data"]


def test_the_database_is_of_a_version_that_the_image_can_back_up(services):
    dockerfile = (PROJECT / "Dockerfile").read_text()
    client = int(re.search(r"pg_restore of PostgreSQL (\d+)", dockerfile)[1])
    assert int(services["postgres"]["image"].removeprefix("postgres:")) <= client
    assert "postgresql-client" in dockerfile
