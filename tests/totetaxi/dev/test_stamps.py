"""A step is done again when its input changes, and only then."""

import pytest

from totetaxi.dev import stamps


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "input"
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    return folder


def test_step_is_done_until_its_input_changes(folder, tmp_path):
    stamp = tmp_path / "stamps" / "css"
    key = stamps.content_key([folder])
    assert not stamps.is_done(stamp, key)
    stamps.mark_done(stamp, key)
    assert stamps.is_done(stamp, stamps.content_key([folder]))
    (folder / "a.txt").write_text("b")
    assert not stamps.is_done(stamp, stamps.content_key([folder]))


def test_key_depends_on_names_contents_and_extras(folder):
    keys = [stamps.content_key([folder]), stamps.content_key([folder], "extra")]
    (folder / "b.txt").write_text("")
    keys.append(stamps.content_key([folder]))
    assert len(set(keys)) == 3


def test_key_ignores_compiled_python_and_missing_files(folder):
    before = stamps.content_key([folder])
    (folder / "__pycache__" / "a.pyc").write_text("x")
    assert stamps.content_key([folder, folder / "missing"]) == before
