"""Finds the Chromium that browser tests run, or installs one.

``python -m totetaxi.dev.browser`` prints its path, or one sentence on what to do.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


def on_this_machine() -> str | None:
    """The browser that CHROMIUM names, or the first one on PATH."""
    if chosen := os.environ.get("CHROMIUM"):
        return shutil.which(chosen)
    return next(filter(None, map(shutil.which, NAMES)), None)


def from_playwright() -> str | None:
    """The browser that ``playwright install chromium`` has put in place."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def launch_options() -> dict[str, Any]:
    """What to launch and how; without a browser of the machine, playwright takes its own."""
    # Chromium's sandbox does not work for root.
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else [*FLAGS]
    path = on_this_machine()
    return {"args": flags} | ({"executable_path": path} if path else {})


def _succeeds(*command: str) -> bool:
    """Whether ``command`` ends well; what it prints goes to our error output."""
    try:
        return subprocess.run(command, stdout=sys.stderr, check=False).returncode == 0
    except OSError:
        return False


def _apt_install() -> bool:
    """Install the distribution's Chromium, where that is possible."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    install = ("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "chromium")
    update = ("apt-get", "update", "--quiet")
    return _succeeds(*install) or (_succeeds(*update) and _succeeds(*install))


def find_or_install() -> str | None:
    """The path of a Chromium, installed if there was none; None if that cannot be done."""
    if os.environ.get("CHROMIUM"):
        return on_this_machine()
    if path := on_this_machine() or from_playwright():
        return path
    if _apt_install() and (path := on_this_machine()):
        return path
    if _succeeds(sys.executable, "-m", "playwright", "install", "chromium"):
        return from_playwright()
    return None


def main() -> None:
    """Print the path, or end with one sentence."""
    path = find_or_install()
    if path is None and os.environ.get("CHROMIUM"):
        sys.exit(f"CHROMIUM names no program: {os.environ['CHROMIUM']}")
    if path is None:
        sys.exit(
            "Browser tests need Chromium, and it could not be installed: install Chromium or "
            "Chrome, or set CHROMIUM to its path, or run `make test-fast`, which needs none."
        )
    print(path)


if __name__ == "__main__":
    main()
