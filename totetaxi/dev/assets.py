"""Builds the style sheet with Tailwind, as a wheel without Node.

``python -m totetaxi.dev.assets`` builds static/css/site.css if anything it depends on changed.
"""

import subprocess
import sys
from pathlib import Path

from totetaxi.dev.stamps import LOCAL, PROJECT, content_key, is_done, mark_done

SOURCE = PROJECT / "static" / "css" / "app.css"
RESULT = PROJECT / "static" / "css" / "site.css"
STAMP = LOCAL / "stamps" / "css"
PACKAGES = ("totetaxi", "catalog", "booking", "payments", "logistics", "staff")


class AssetsError(RuntimeError):
    """The style sheet cannot be built; the message is the compiler's."""


def tailwind(*options: str) -> list[str]:
    """The command that compiles the style sheet."""
    program = Path(sys.executable).with_name("tailwindcss")
    return [str(program), "--input", str(SOURCE), "--output", str(RESULT), *options]


def build_css() -> None:
    """Compile the style sheet, minified. Raises AssetsError."""
    done = subprocess.run(
        tailwind("--minify"), cwd=PROJECT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise AssetsError(f"The style sheet could not be built:\n{done.stderr}")


def css_key() -> str:
    """What the style sheet depends on, and whether there is one."""
    # Class names live in templates and in the Python that builds forms.
    folders = [PROJECT / name for name in ("templates", *PACKAGES)]
    locked = PROJECT / "requirements" / "dev.txt"
    return content_key([SOURCE, locked, *folders], str(RESULT.exists()))


def main() -> None:
    """Build the style sheet if it is missing or out of date."""
    if is_done(STAMP, css_key()):
        return
    try:
        build_css()
    except AssetsError as error:
        sys.exit(str(error))
    mark_done(STAMP, css_key())


if __name__ == "__main__":
    main()
