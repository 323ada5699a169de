"""Reads a Dockerfile and .dockerignore, as far as ours use them."""

import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path


@dataclass(frozen=True)
class Instruction:
    """One instruction: ``RUN`` and what follows it, with its number of line."""

    word: str
    rest: str
    line: int


@dataclass
class Stage:
    """What stands below one FROM."""

    name: str
    instructions: list[Instruction] = field(default_factory=list)


def stages(dockerfile: Path) -> list[Stage]:
    """The stages in their order, with continued lines put together."""
    found: list[Stage] = []
    for instruction in _instructions(dockerfile.read_text()):
        if instruction.word == "FROM":
            named = re.search(r" AS (\S+)$", instruction.rest)
            found.append(Stage(named[1] if named else f"stage {len(found)}"))
        else:
            found[-1].instructions.append(instruction)
    return found


def _instructions(text: str) -> Iterator[Instruction]:
    whole, begun = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#") or not line.strip():
            continue
        begun = begun or number
        whole += line.strip().removesuffix("\\")
        if not line.endswith("\\"):
            word, _, rest = whole.partition(" ")
            yield Instruction(word, rest.strip(), begun)
            whole, begun = "", 0


def variables(rest: str) -> dict[str, str]:
    """What an ENV sets."""
    return dict(pair.split("=", 1) for pair in shlex.split(rest))


def ignored(path: str, patterns: list[str]) -> bool:
    """Whether a pattern of .dockerignore leaves out a path of the context, or a folder above it."""
    parts = path.split("/")
    above = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    return any(_matches(one, pattern) for one in above for pattern in patterns)


def _matches(path: str, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch(path.rsplit("/", 1)[-1], pattern[3:])
    return path.count("/") == pattern.count("/") and fnmatch(path, pattern)


def copy_context(context: Path, source: str, target: Path) -> None:
    """COPY ``source`` of the context to ``target``, without what .dockerignore names."""
    lines = (context / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]

    def leave_out(folder: str, names: list[str]) -> set[str]:
        inside = Path(folder).relative_to(context)
        return {name for name in names if ignored((inside / name).as_posix(), patterns)}

    chosen = context / source
    if chosen.is_dir():
        shutil.copytree(chosen, target, ignore=leave_out, dirs_exist_ok=True, symlinks=True)
    elif not ignored(source, patterns):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(chosen, target)
