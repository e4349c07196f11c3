"""`python -m benchmarks [name …]`: runs each module of this folder that has a `run`, prints its figures and writes them to artifacts/bench/.

    python -m benchmarks transfer pledge --seconds 2 --rounds 7
    python -m benchmarks end_of_day --loans 1000000 --rounds 3

On a database of its own: of the server DATABASE_URL names, else of an embedded one started for this in .run/bench. Commits are durable.
Nothing here fails a build: a machine is only comparable with itself, in the same minute, so every figure is a ratio taken round by round.
"""

import argparse
import importlib
import os
import pkgutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("XINQIAO_HOME", str(ROOT / ".run" / "bench"))
os.environ.setdefault("SAMPLE_MARKET", "0")

import django  # noqa: E402  after the environment

django.setup()

from benchmarks import report, stage  # noqa: E402
from benchmarks.rounds import Clock  # noqa: E402


def names() -> list[str]:
    return [
        module.name
        for module in pkgutil.iter_modules([str(Path(__file__).parent)])
        if "def run(clock" in (ROOT / "benchmarks" / f"{module.name}.py").read_text()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(names())}; all when none is named")
    parser.add_argument("--seconds", type=float, default=1.5, help="of one measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--loans", type=int, default=100_000, help="of the whole book that end_of_day closes; the goal is for 1000000")
    options = parser.parse_args()
    if unknown := set(options.names) - set(names()):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    figures = []
    with stage.own_database():
        for name in options.names or names():
            module = importlib.import_module(f"benchmarks.{name}")
            print(f"\n{name}: {(module.__doc__ or '').splitlines()[0]}")
            for figure in module.run(Clock(seconds=options.seconds, rounds=options.rounds, loans=options.loans)):
                print(f"  {figure.line()}", flush=True)
                figures.append((name, figure))
    print(f"\nWritten: {report.write(figures, ROOT / 'artifacts' / 'bench')}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
