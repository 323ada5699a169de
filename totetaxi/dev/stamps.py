"""Remembers what was done with which input, to do it again only when the input changes."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
LOCAL = PROJECT / ".local"
# What belongs to one set of data; another folder is another world, side by side with ours.
LOCAL_DATA = PROJECT / os.environ.get("LOCAL_HOME", ".local")


def content_key(paths: Iterable[Path], *extra: str) -> str:
    """A hash of the files' names and contents (folders: of all files in them) and of ``extra``."""
    digest = hashlib.sha256()
    for path in sorted(set(_files(paths))):
        digest.update(f"{path}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    for text in extra:
        digest.update(f"{text}\0".encode())
    return digest.hexdigest()


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_dir():
            yield from (file for file in path.rglob("*") if _counts(file))
        elif path.exists():
            yield path


def _counts(file: Path) -> bool:
    return file.is_file() and "__pycache__" not in file.parts


def is_done(stamp: Path, key: str) -> bool:
    """Whether what ``stamp`` stands for was last done with this key."""
    return stamp.exists() and stamp.read_text() == key


def mark_done(stamp: Path, key: str) -> None:
    """Remember that what ``stamp`` stands for has been done with this key."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(key)
