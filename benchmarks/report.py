"""Figures and how they are written down: JSON for machines, a Markdown table for people, both with commit, date and machine."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One value with the spread of its rounds. `at_least` or `at_most` is the goal; `notes` are the absolute figures beside it."""

    name: str
    rounds: Sequence[float]
    unit: str = "×"
    at_least: float | None = None
    at_most: float | None = None
    notes: dict[str, float | str] = field(default_factory=dict)

    @property
    def value(self) -> float:
        return statistics.median(self.rounds)

    @property
    def met(self) -> bool | None:
        if self.at_least is not None:
            return self.value >= self.at_least
        return self.value <= self.at_most if self.at_most is not None else None

    @property
    def goal(self) -> str:
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return f"≤ {self.at_most:g}" if self.at_most is not None else ""

    @property
    def noted(self) -> str:
        return ", ".join(f"{name} {value:,.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in self.notes.items())

    def line(self) -> str:
        verdict = {True: "met", False: "MISSED", None: ""}[self.met]
        spread = f"(rounds {min(self.rounds):.3g} to {max(self.rounds):.3g})"
        return " ".join(
            part for part in (f"{self.name}: {self.value:.3g} {self.unit}", spread, self.goal, verdict, f"[{self.noted}]" if self.notes else "") if part
        )


def write(figures: Sequence[tuple[str, Figure]], folder: Path) -> Path:
    """bench-<time>.json and .md in the folder. Returns the Markdown file."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    about = {"at": now.isoformat(timespec="seconds"), "commit": _commit(), "python": platform.python_version(), "cores": os.cpu_count()}
    path = folder / f"bench-{now:%Y%m%d-%H%M%S}"
    rows = [{"benchmark": name, **asdict(figure), "value": figure.value, "goal": figure.goal, "met": figure.met} for name, figure in figures]
    path.with_suffix(".json").write_text(json.dumps({"about": about, "figures": rows}, indent=1, ensure_ascii=False) + "\n")
    lines = [
        f"Measured {about['at']} at commit {about['commit']}, Python {about['python']}, {about['cores']} cores.",
        "",
        "| figure | median | rounds | goal | | beside it |",
        "|---|---:|---:|---:|---|---|",
    ]
    for _name, figure in figures:
        verdict = {True: "met", False: "**missed**", None: ""}[figure.met]
        spread = f"{min(figure.rounds):.3g}-{max(figure.rounds):.3g}"
        lines.append(f"| {' | '.join([figure.name, f'{figure.value:.3g} {figure.unit}', spread, figure.goal, verdict, figure.noted])} |")
    path.with_suffix(".md").write_text("\n".join(lines) + "\n")
    return path.with_suffix(".md")


def _commit() -> str:
    found = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    return found.stdout.strip() or "unknown"
