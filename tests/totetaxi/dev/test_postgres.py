"""The embedded PostgreSQL starts once, ends with its last holder, and heals after a crash."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from tests.conftest import folder_for_servers
from totetaxi.dev.postgres import Cluster, PostgresError
from totetaxi.dev.stamps import LOCAL_DATA, PROJECT

HOLD = "import sys; from totetaxi.dev.postgres import *; Cluster(Path(sys.argv[1])).hold(); input()"


@pytest.fixture
def cluster():
    """A cluster of its own."""
    with folder_for_servers() as folder:
        cluster = Cluster(folder / "pg", durable=False)
        yield cluster
        cluster.down()


def holder(cluster):
    """Another process that holds the cluster until its input ends."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(cluster.home)],
        stdin=subprocess.PIPE,
        cwd=PROJECT,
        # A locale that this machine has not must not matter.
        env={**os.environ, "LC_ALL": "xx_XX.UTF-8"},
    )


def wait_until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def answer(cluster):
    with psycopg.connect(cluster.url) as connection:
        return connection.execute("SELECT 42").fetchone()


def server_pid(cluster):
    return int((cluster.data / "postmaster.pid").read_text().split()[0])


def test_first_start_makes_a_database(cluster):
    assert not cluster.is_up
    assert cluster.up() == cluster.url
    assert answer(cluster) == (42,)


def test_several_first_starts_make_one_server_that_ends_with_the_last_holder(cluster):
    holders = [holder(cluster) for _ in range(3)]
    wait_until(lambda: cluster.is_up and cluster._whole_mark.exists())
    cluster.up()
    pid = server_pid(cluster)
    holders[0].kill()  # Lets go of its hold all the same.
    holders[1].communicate(b"\n")
    assert cluster.is_up
    assert server_pid(cluster) == pid
    holders[2].communicate(b"\n")
    assert not cluster.is_up
    holders[0].communicate()


def test_killed_server_starts_again(cluster):
    cluster.up()
    os.kill(server_pid(cluster), signal.SIGKILL)
    wait_until(lambda: not cluster.is_up)
    cluster.up()
    assert answer(cluster) == (42,)


def test_process_id_that_another_process_has_now_is_not_taken_for_the_server(cluster):
    cluster.up()
    cluster.down()
    (cluster.data / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster.data}\n")
    cluster.up()
    assert answer(cluster) == (42,)


def test_interrupted_first_start_is_done_again(cluster):
    cluster.data.mkdir(parents=True)
    (cluster.data / "PG_VERSION").write_text("18")
    cluster.up()
    assert answer(cluster) == (42,)


def test_long_path_gets_a_short_socket(cluster):
    deep = Cluster(cluster.home / ("d" * 100), durable=False)
    cluster._make_home()
    try:
        deep.up()
        assert answer(deep) == (42,)
    finally:
        deep.down()
        deep.sockets.rmdir()


def test_data_of_another_version_is_refused(cluster):
    cluster.up()
    cluster.down()
    (cluster.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(PostgresError, match="was made by PostgreSQL 9"):
        cluster.up()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server becomes another user")
def test_folder_that_the_server_cannot_enter_is_refused(tmp_path):
    (tmp_path / "closed").mkdir(mode=0o700)
    with pytest.raises(PostgresError, match="who cannot enter"):
        Cluster(tmp_path / "closed" / "pg").up()


def test_folder_of_another_user_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "pg").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PostgresError, match="belongs to another user"):
        Cluster(tmp_path / "pg").up()


@pytest.mark.parametrize(
    ("environment", "name", "durable"), [("development", "pg", True), ("test", "pg-test", False)]
)
def test_development_and_tests_have_a_cluster_each(monkeypatch, environment, name, durable):
    monkeypatch.delenv("POSTGRES_HOME", raising=False)
    monkeypatch.setattr("totetaxi.dev.postgres._anyone_can_enter", lambda folder: True)
    cluster = Cluster.for_environment(environment)
    assert (cluster.home, cluster.durable) == (LOCAL_DATA / name, durable)


def test_postgres_home_chooses_the_folder(monkeypatch):
    monkeypatch.setenv("POSTGRES_HOME", "/srv/elsewhere")
    assert Cluster.for_environment("development").home == Path("/srv/elsewhere")
