"""A backup brings every row back and says so; nothing is touched that should not be."""

import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.test import override_settings

from booking.models import Booking, BookingEvent
from tests.booking.helpers import make_booking
from totetaxi.operations import programs
from totetaxi.operations.backups import back_up_media
from totetaxi.operations.errors import OperationError
from totetaxi.operations.facts import Facts, Table, facts, known_migrations
from totetaxi.operations.manifest import Manifest, manifest_path, sha256_of
from totetaxi.operations.programs import Program, program


def run(*arguments: object) -> str:
    said = StringIO()
    call_command(*map(str, arguments), stdout=said)
    return said.getvalue()


@contextmanager
def another_database() -> Iterator[str]:
    """Let the default connection lead to an empty database of its own."""
    ours = connection.settings_dict["NAME"]
    name = f"{ours}_restored"
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield name
    finally:
        connection.close()
        connection.settings_dict["NAME"] = ours
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_a_backup_restored_elsewhere_is_the_same_to_the_last_row(
    transactional_db, catalog, tmp_path
):
    number = make_booking(email="ann@example.com").booking_number
    file = tmp_path / "backups" / "a.dump"

    said = run("backup", file)
    assert "I1 to I6 hold" in said
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(CommandError, match="never overwrites another"):
        run("backup", file)

    Booking.objects.update(email="eve@example.com")  # After the backup: of no matter to it.
    with another_database() as name:
        with override_settings(PRODUCTION=True):
            with pytest.raises(CommandError, match=f"say --yes-really {name}"):
                run("restore", file, "--into-empty")
            said = run("restore", file, "--into-empty", "--yes-really", name)
        assert said.startswith("Every row and I1 to I6 are as they were")
        booking = Booking.objects.get()
        assert (booking.booking_number, booking.email) == (number, "ann@example.com")
        with pytest.raises(DatabaseError, match="booking_bookingevent"):
            BookingEvent.objects.update(reason="changed")
        Booking.objects.update(email="eve@example.com")  # One row is broken.
        kept = Manifest.read(manifest_path(file))
        assert kept.facts.differences(facts(at=kept.made_at)) == [
            "table booking_booking has 1 rows, but not the same"
        ]
        assert make_booking().booking_number != number  # The sequence goes on.
        with pytest.raises(CommandError, match=r"has rows in .*Restore into an empty one"):
            run("restore", file, "--into-empty")
        assert Booking.objects.count() == 2

        assert "as they were" in run("restore", file, "--replace", "--jobs", "1")
        assert Booking.objects.get().email == "ann@example.com"

        miscount(file, "booking_booking")
        with pytest.raises(
            CommandError, match=r"^Not what .*\ntable booking_booking has 1 rows ins"
        ):
            run("restore", file, "--replace")

        damage(file)
        with pytest.raises(CommandError, match="its SHA-256 differs"):
            run("restore", file, "--replace")
        assert Booking.objects.count() == 1


def miscount(file: Path, table: str) -> None:
    """Have the manifest say that there was one row more."""
    found = json.loads(manifest_path(file).read_text())["facts"]
    found["tables"][table]["rows"] += 1
    change(file, facts=found)


def damage(file: Path) -> None:
    """Turn one bit of a file."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


EMPTY = Facts({}, ())


@pytest.fixture
def backup_file(tmp_path: Path) -> Path:
    """A file with the manifest of this release; there is nothing in it to restore."""
    file = tmp_path / "a.dump"
    file.write_bytes(b"nothing")
    Manifest(
        made_at=datetime(2026, 11, 22, tzinfo=UTC),
        database="totetaxi",
        server_version="18.6",
        pg_dump_major=18,
        migrations=tuple(known_migrations()),
        file_bytes=7,
        sha256="43cf5a7b8eb4b5cd0ae2c0a8e4b8ff4ec3a1e3f9ab4b3a5b3d3f7f3a5d5b7c11",
        facts=EMPTY,
    ).write(manifest_path(file))
    return file


def change(file: Path, **values: object) -> None:
    """Write other values into the manifest of a backup."""
    path = manifest_path(file)
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def right_sum(file: Path) -> None:
    change(file, sha256=sha256_of(file))


def test_a_changed_file_is_refused(db, backup_file):
    with pytest.raises(CommandError, match="its SHA-256 differs"):
        run("restore", backup_file, "--replace")


def test_a_file_without_its_manifest_is_refused(db, backup_file):
    manifest_path(backup_file).unlink()
    with pytest.raises(CommandError, match="a backup is two files"):
        run("restore", backup_file, "--replace")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 1}'])
def test_a_damaged_manifest_is_refused(db, backup_file, content):
    manifest_path(backup_file).write_text(content)
    with pytest.raises(CommandError, match="is damaged"):
        run("restore", backup_file, "--replace")


def test_a_manifest_of_another_format_is_refused(db, backup_file):
    change(backup_file, format=2)
    with pytest.raises(CommandError, match="written by another release"):
        run("restore", backup_file, "--replace")


def test_a_backup_of_a_newer_release_is_refused(db, backup_file):
    right_sum(backup_file)
    change(backup_file, migrations=[*known_migrations(), "booking.9999_future"])
    with pytest.raises(CommandError, match=r"newer release than this; it has booking\.9999_future"):
        run("restore", backup_file, "--replace")


def test_a_backup_of_an_older_release_is_refused(db, backup_file):
    right_sum(backup_file)
    missing = [name for name in known_migrations() if name != "booking.0002_guards"]
    change(backup_file, migrations=missing)
    with pytest.raises(
        CommandError, match=r"older release than this; it lacks booking\.0002_guards"
    ):
        run("restore", backup_file, "--replace")


def test_a_database_in_use_is_refused(db, backup_file):
    right_sum(backup_file)
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT 1")
        try:
            with pytest.raises(CommandError, match="1 others use the database"):
                run("restore", backup_file, "--replace")
        finally:
            other.close()


def test_differences_name_what_differs():
    before = Facts({"a": Table(1, "5"), "b": Table(2, "7"), "c": Table(0, "0")}, ())
    after = Facts({"a": Table(1, "6"), "b": Table(1, "7"), "d": Table(0, "0")}, ())
    assert before.differences(before) == []
    assert before.differences(after) == [
        "table a has 1 rows, but not the same",
        "table b has 1 rows instead of 2",
        "table c is missing",
        "table d is new",
    ]


def test_the_oldest_program_that_fits_the_server_is_taken(monkeypatch, tmp_path):
    installed = {15: tmp_path / "15", 17: tmp_path / "17", 18: tmp_path / "18"}
    monkeypatch.setattr(programs, "_candidates", lambda name: installed.values())
    monkeypatch.setattr(programs, "_major", {v: k for k, v in installed.items()}.__getitem__)
    assert program("pg_dump", for_major=16) == Program(tmp_path / "17", 17)
    with pytest.raises(OperationError, match=r"of PostgreSQL 19 .* postgresql-client-19"):
        program("pg_dump", for_major=19)


def test_a_program_of_the_chosen_folder_is_taken(settings, tmp_path):
    settings.PG_BIN = str(tmp_path)
    script = tmp_path / "pg_dump"
    script.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 17.2 (Debian 17.2-1)'\n")
    script.chmod(0o755)
    assert program("pg_dump", for_major=17) == Program(script, 17)
    with pytest.raises(OperationError, match="is of version 17"):
        program("pg_dump", for_major=18)


def test_passwords_go_by_the_environment_and_not_by_the_command_line(db, monkeypatch, tmp_path):
    given = connection.get_connection_params()
    way = {**given, "password": "a secret", "sslmode": "require", "host": "db.example"}
    monkeypatch.setattr(connection, "get_connection_params", lambda: way)
    monkeypatch.setenv("PGSERVICE", "another database")
    script = tmp_path / "pg_dump"
    script.write_text('#!/bin/sh\necho "$@"\nenv | grep ^PG | sort\n')
    script.chmod(0o755)
    said = [*Program(script, 18).lines(["--verbose"])]
    assert said[0] == "--verbose"
    ways = dict(line.split("=", 1) for line in said[1:])
    assert (ways["PGPASSWORD"], ways["PGSSLMODE"]) == ("a secret", "require")
    assert (ways["PGHOST"], ways["PGDATABASE"]) == ("db.example", given["dbname"])
    assert "PGSERVICE" not in ways


def test_a_failing_program_says_why(db, tmp_path):
    script = tmp_path / "pg_dump"
    script.write_text("#!/bin/sh\nfor i in 1 2 3; do echo line $i; done\necho broken >&2\nexit 3\n")
    script.chmod(0o755)
    with pytest.raises(OperationError, match=r"(?s)pg_dump failed:\nline 1.*broken"):
        list(Program(script, 18).lines([]))


def test_files_are_packed_beside_the_backup(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    (settings.MEDIA_ROOT / "proofs").mkdir(parents=True)
    (settings.MEDIA_ROOT / "proofs" / "1.png").write_bytes(b"a picture")
    packed = back_up_media(tmp_path / "a.dump")
    assert packed == tmp_path / "a.dump.media.tar.gz"
    assert packed.stat().st_mode & 0o077 == 0
    with tarfile.open(packed) as archive:
        assert "./proofs/1.png" in archive.getnames()
    settings.AWS_STORAGE_BUCKET_NAME = "bucket"
    assert back_up_media(tmp_path / "b.dump") is None
