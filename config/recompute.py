"""The engines by name, and their inputs and outputs as JSON (contract: docs/formulas.md).

Needs no Django, database, secret or service: `manage.py recompute` runs it before any setting is read.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

from config.reading import InvalidInput, read_json

JSON = Any
Run = Callable[..., JSON]
ERRORS_IN_PLACE = (ArithmeticError, ValueError, RecursionError)


@dataclass(frozen=True)
class Engine:
    """`module` has `run(data) -> JSON`; and `stored(reference) -> JSON` when its decisions are kept in the database.

    `flags` are the engine's own switches, passed to `run` as keywords (`--certificates` → certificates=True, `--check F` → check=F).
    """

    module: str
    flags: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def load(self) -> Any:
        return import_module(self.module)


ENGINES: dict[str, Engine] = {
    "schedule": Engine("config.engines.schedule"),
    "apr": Engine("config.engines.apr"),
    "waterfall": Engine("config.engines.waterfall"),
    "price": Engine("config.engines.price"),
    "score": Engine("config.engines.score", flags=("contributions",), options=("model",)),
    "contact": Engine("config.engines.contact", flags=("table",)),
    "match": Engine("config.engines.match", flags=("certificates",), options=("check",)),
}


class UnableToRecompute(Exception):
    """The command cannot start: unknown engine, no such file, nothing stored under that id."""


def engine(name: str) -> Engine:
    if name not in ENGINES:
        raise UnableToRecompute(f"unknown engine {name!r}; there are {', '.join(sorted(ENGINES))}")
    return ENGINES[name]


def answer(name: str, data: JSON, **flags: Any) -> JSON:
    """The engine's output for one input object, or the error object in its place."""
    try:
        if isinstance(data, InvalidInput):
            raise data
        if not isinstance(data, dict):
            raise InvalidInput("", "must be an object")
        return engine(name).load().run(data, **flags)
    except InvalidInput as error:
        return error_object(error.field, error.message)
    except ERRORS_IN_PLACE as error:
        return error_object("", f"cannot be computed: {type(error).__name__}")


def answers(name: str, items: list[JSON], **flags: Any) -> list[JSON]:
    """One output for each input, errors in place."""
    return [answer(name, item, **flags) for item in items]


def error_object(field: str, message: str) -> JSON:
    return {"error": {"field": field, "message": message}}


def recompute(name: str, text: str, **flags: Any) -> tuple[JSON, str]:
    """(output, error line): a list gives a list with errors in place and no error line; one bad object gives both."""
    engine(name)
    try:
        data = read_json(text)
    except InvalidInput as error:
        return error_object(error.field, error.message), error.message
    if isinstance(data, list):
        return answers(name, data, **flags), ""
    output = answer(name, data, **flags)
    if isinstance(output, Mapping) and set(output) == {"error"}:
        return output, ": ".join(filter(None, (output["error"]["field"], output["error"]["message"])))
    return output, "the check failed" if isinstance(output, Mapping) and output.get("valid") is False else ""


def recompute_stored(name: str, reference: str) -> tuple[JSON, str]:
    """The output again, from the kept input of a decision in the database; {"erased": date} when its person was erased."""
    stored = getattr(engine(name).load(), "stored", None)
    if stored is None:
        raise UnableToRecompute(f"the engine {name} stores no decisions")
    return stored(reference), ""


def printed(output: JSON) -> str:
    """The one form in which an output is printed and stored: equal outputs are equal bytes."""
    return json.dumps(output, ensure_ascii=False, indent=2) + "\n"


def run_command(arguments: list[str], *, stdin: TextIO, stdout: TextIO, stderr: TextIO) -> int:
    """`ENGINE FILE|- [switches]` or `ENGINE --stored ID`: prints the output, returns the exit code."""
    try:
        name, source, stored, flags = _parsed(arguments)
        output, error = recompute_stored(name, stored) if stored else recompute(name, _read(source, stdin), **flags)
    except UnableToRecompute as error_:
        stderr.write(f"recompute: {error_}\n")
        return 2
    stdout.write(printed(output))
    if error:
        stderr.write(f"recompute: {' '.join(error.split())}\n")
    return 2 if error else 0


def _parsed(arguments: list[str]) -> tuple[str, str, str, dict[str, Any]]:
    usage = f"usage: manage.py recompute ENGINE FILE|- or ENGINE --stored ID; engines: {', '.join(sorted(ENGINES))}"
    plain: list[str] = []
    taken: dict[str, Any] = {}
    rest = iter(arguments)
    for argument in rest:
        if argument.startswith("--"):
            word, _, value = argument[2:].partition("=")
            options = ("stored", *(engine(plain[0]).options if plain else ()))
            if word in options:
                taken[word] = value or next(rest, "")
            elif plain and word in engine(plain[0]).flags and not value:
                taken[word.replace("-", "_")] = True
            else:
                raise UnableToRecompute(f"unknown switch {argument}; {usage}")
        else:
            plain.append(argument)
    stored = taken.pop("stored", "")
    if len(plain) != (1 if stored else 2):
        raise UnableToRecompute(usage)
    return plain[0], "" if stored else plain[1], stored, taken


def _read(source: str, stdin: TextIO) -> str:
    try:
        raw = stdin.buffer.read() if source == "-" and hasattr(stdin, "buffer") else stdin.read().encode() if source == "-" else Path(source).read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise UnableToRecompute(f"cannot read {source}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UnableToRecompute(f"{source} is not UTF-8 text") from None


def main(arguments: list[str]) -> int:
    """UTF-8 whatever the terminal calls itself; half of a surrogate pair, which no UTF-8 holds, as JSON's own escape."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    return run_command(arguments, stdin=sys.stdin, stdout=sys.stdout, stderr=sys.stderr)
