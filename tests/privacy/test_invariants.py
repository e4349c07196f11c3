"""docs/privacy.md names, for each of the thirty invariants, tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ?([^|]*)\|$", re.MULTILINE)


def test_the_table_of_invariants_is_whole_and_names_tests_that_exist():
    rows = ROW.findall((ROOT / "docs" / "privacy.md").read_text(encoding="utf-8"))
    assert [int(number) for number, _what, _tests in rows] == list(range(1, 31))
    for number, _what, tests in rows:
        file = ""
        for named in re.findall(r"`([^`]+)`", tests):
            file, name = named.split("::") if not named.startswith("::") else (file, named[2:])
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{number}: {named}"
