"""The numbered rules and the code that cites them keep together."""

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
ROOMS = ("booking", "catalog", "logistics", "payments", "staff", "totetaxi")
RULES = re.findall(r"(?m)^- \*\*R(\d{3})\*\*", (PROJECT / "docs" / "rules.md").read_text())


def cited() -> dict[str, set[str]]:
    """Where each rule, or range of rules, is named: "R213" or "R220-R229"."""
    found: dict[str, set[str]] = {}
    for room in ROOMS:
        for path in (PROJECT / room).rglob("*.py"):
            for name in re.findall(r"\bR[1-9]\d\d(?:-R?\d{3})?\b", path.read_text()):
                found.setdefault(name, set()).add(str(path.relative_to(PROJECT)))
    return found


def test_rules_are_numbered_once_and_in_order():
    assert sorted(set(RULES)) == RULES


def test_every_rule_that_code_cites_exists():
    known = {int(number) for number in RULES}
    unknown = {}
    for name, paths in cited().items():
        first, *rest = (int(number) for number in re.findall(r"\d{3}", name))
        if not known & set(range(first, (rest or [first])[0] + 1)):
            unknown[name] = paths
    assert unknown == {}
