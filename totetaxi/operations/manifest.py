"""The file beside a backup that says what is in it."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from totetaxi.operations.errors import OperationError
from totetaxi.operations.facts import Facts, Invariant, Table

FORMAT = 1
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """A backup in words: when, of what, made by what, and everything that it must restore."""

    made_at: datetime
    database: str
    server_version: str
    pg_dump_major: int
    migrations: tuple[str, ...]
    file_bytes: int
    sha256: str
    facts: Facts

    def write(self, path: Path) -> None:
        """Store it as JSON."""
        values = {"format": FORMAT, **asdict(self), "made_at": self.made_at.isoformat()}
        path.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """The manifest stored in ``path``. Raises OperationError."""
        try:
            values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if values.pop("format") != FORMAT:
                raise OperationError(f"{path} was written by another release: restore with that.")
            found = values.pop("facts")
            tables = {name: Table(**table) for name, table in found["tables"].items()}
            invariants = tuple(
                Invariant(**{**one, "offenders": tuple(one["offenders"])})
                for one in found["invariants"]
            )
            values["made_at"] = datetime.fromisoformat(values["made_at"])
            values["migrations"] = tuple(values["migrations"])
            return cls(**values, facts=Facts(tables, invariants))
        except FileNotFoundError as error:
            raise OperationError(
                f"{path} is missing: a backup is two files, and belongs to this one."
            ) from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise OperationError(f"{path} is damaged.") from error


def manifest_path(backup: Path) -> Path:
    """Where the manifest of a backup lies."""
    return backup.with_name(f"{backup.name}.json")


def sha256_of(path: Path) -> str:
    """The file's SHA-256, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
