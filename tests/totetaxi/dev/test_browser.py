"""Finding Chromium, or saying what to do."""

import pytest

from totetaxi.dev import browser


@pytest.fixture
def nothing_installed(monkeypatch):
    """A machine without a browser, on which nothing can be installed; notes what was tried."""
    tried: list[tuple[str, ...]] = []

    def fail(*command):
        tried.append(command)
        return False

    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(browser, "from_playwright", lambda: None)
    monkeypatch.setattr(browser, "_succeeds", fail)
    return tried


def test_chromium_variable_wins(monkeypatch, tmp_path):
    program = tmp_path / "my-chromium"
    program.touch(mode=0o755)
    monkeypatch.setenv("CHROMIUM", str(program))
    assert browser.find_or_install() == str(program)
    assert browser.launch_options()["executable_path"] == str(program)


def test_chromium_variable_that_names_nothing_is_an_error(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    with pytest.raises(SystemExit, match="CHROMIUM names no program: /nowhere/chromium"):
        browser.main()


def test_machine_without_a_browser_gets_one_sentence(nothing_installed):
    with pytest.raises(SystemExit, match="set CHROMIUM to its path"):
        browser.main()
    assert nothing_installed[-1][1:] == ("-m", "playwright", "install", "chromium")


def test_only_root_installs_with_apt(nothing_installed, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: name if name == "apt-get" else None)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    browser.find_or_install()
    assert [command[0] for command in nothing_installed if command[0] == "apt-get"] == []

    monkeypatch.setattr("os.geteuid", lambda: 0)
    browser.find_or_install()
    tried = [command[:2] for command in nothing_installed if command[0] == "apt-get"]
    assert tried == [("apt-get", "install"), ("apt-get", "update")]


def test_root_runs_the_browser_without_its_sandbox(monkeypatch):
    monkeypatch.setattr(browser, "on_this_machine", lambda: None)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert "--no-sandbox" in browser.launch_options()["args"]
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert "--no-sandbox" not in browser.launch_options()["args"]
    assert "executable_path" not in browser.launch_options()


def test_missing_program_is_no_success():
    assert not browser._succeeds("/nowhere/apt-get")


def test_output_of_an_installer_does_not_mix_with_the_answer(capfd):
    assert browser._succeeds("echo", "installing")
    assert capfd.readouterr().out == ""
