"""Steps are done once for each content of their input."""

import pytest

from totetaxi.dev import prepare as module
from totetaxi.dev.prepare import Step, prepare


class Work:
    """Something to do, with an input that can be changed."""

    def __init__(self):
        self.input = "1"
        self.times_done = 0

    def do(self):
        self.times_done += 1


@pytest.fixture
def work(tmp_path, monkeypatch):
    """The work of the only step."""
    work = Work()
    step = Step(tmp_path / "stamp", "Working", lambda: work.input, work.do)
    monkeypatch.setattr(module, "_steps", lambda *, serve_hashed_files: [step])
    return work


def test_step_is_done_again_only_for_another_input(work, capsys):
    prepare(serve_hashed_files=True)
    prepare(serve_hashed_files=True)
    assert work.times_done == 1
    assert capsys.readouterr().out == "  Working ... 0.0 s\n"
    work.input = "2"
    prepare(serve_hashed_files=True)
    assert work.times_done == 2


def test_step_that_fails_is_done_again(monkeypatch, tmp_path):
    def fail():
        raise OSError("no disk")

    step = Step(tmp_path / "stamp", "Working", lambda: "1", fail)
    monkeypatch.setattr(module, "_steps", lambda **_: [step])
    for _ in range(2):
        with pytest.raises(OSError, match="no disk"):
            prepare(serve_hashed_files=True)


def test_files_are_collected_only_where_hashed_ones_are_served():
    hashed = [step.stamp.name for step in module._steps(serve_hashed_files=True)]
    plain = [step.stamp.name for step in module._steps(serve_hashed_files=False)]
    assert hashed == ["css", "static", "tables", "data"]
    assert plain == ["css", "tables", "data"]


def test_database_is_told_from_another_one(db, settings):
    settings.EMBEDDED_POSTGRES = False
    assert module._database_identity() == module._database_identity() != "None"
