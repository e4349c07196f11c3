"""`manage.py score_dataset --model SET IN.parquet OUT.parquet`: the probability of the bad outcome for each row of a file.

Needs the model's JSON, numpy and pyarrow; no Django, database, service, and nothing that trains.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from credit import glassbox

USAGE = "usage: manage.py score_dataset --model SET IN.parquet OUT.parquet"
IDENTITY = "row_id"
BATCH = 50_000


class UnableToScore(Exception):
    """No such model, no such file, or a file of another schema."""


def score_file(*, model: str, source: Path, target: Path) -> int:
    """Write (row_id, pd) for every row of `source` and return how many there were. An outcome column, if any, is not read."""
    found = _model(model)
    if source.exists() and target.exists() and source.samefile(target):
        raise UnableToScore(f"{target} is the file to be scored: name another for the answer")
    rows = _open(source)
    wanted = [IDENTITY, *found.fields]
    _fits(source, rows.schema_arrow, wanted)
    identity, risk = [], []
    for batch in _batches(source, rows, wanted):
        identity.append(batch.column(IDENTITY))
        risk.append(glassbox.predict(found, {name: batch.column(name).to_pylist() for name in found.fields}))
    known = pa.chunked_array(identity, type=rows.schema_arrow.field(IDENTITY).type)
    _write(pa.table({IDENTITY: known, "pd": pa.array(np.concatenate([np.zeros(0), *risk]))}), target)
    return len(known)


def _model(name: str) -> glassbox.Model:
    try:
        return glassbox.load(name)
    except (glassbox.UnknownModel, glassbox.AlteredModel) as error:
        raise UnableToScore(str(error)) from None


def _open(source: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(source)
    except (OSError, pa.ArrowInvalid) as error:
        raise UnableToScore(f"cannot read {source}: {error}") from None


def _fits(source: Path, schema: pa.Schema, wanted: Sequence[str]) -> None:
    """Every column is there once and holds one value a row: lists, bytes or dates would all read as "not known"."""
    if absent := [name for name in wanted if name not in schema.names]:
        raise UnableToScore(f"{source} lacks {', '.join(absent)}")
    if twice := [name for name in wanted if schema.names.count(name) > 1]:
        raise UnableToScore(f"{source} has more than one {', '.join(twice)}")
    if other := [f"{name} ({schema.field(name).type})" for name in wanted if not is_plain(schema.field(name).type)]:
        raise UnableToScore(f"{source} holds neither numbers nor texts in {', '.join(other)}")


def is_plain(kind: pa.DataType) -> bool:
    """Whether a column of that type holds a number or a text in each row."""
    if pa.types.is_dictionary(kind):
        return is_plain(kind.value_type)
    texts = (pa.types.is_string(kind), pa.types.is_large_string(kind), pa.types.is_string_view(kind))
    numbers = (pa.types.is_integer(kind), pa.types.is_floating(kind), pa.types.is_decimal(kind), pa.types.is_boolean(kind))
    return any((*texts, *numbers, pa.types.is_null(kind)))


def _batches(source: Path, rows: pq.ParquetFile, wanted: list[str]) -> Iterator[pa.RecordBatch]:
    """A file can be whole at its end and spoiled before it."""
    try:
        yield from rows.iter_batches(batch_size=BATCH, columns=wanted)
    except (OSError, pa.ArrowException) as error:
        raise UnableToScore(f"cannot read {source}: {error}") from None


def _write(table: pa.Table, target: Path) -> None:
    try:
        pq.write_table(table, target)
    except OSError as error:
        raise UnableToScore(f"cannot write {target}: {error.strerror or error}") from None


def run_command(arguments: Sequence[str], *, stdout: TextIO, stderr: TextIO) -> int:
    """The exit code: 0, or 2 with one line that says what is wrong."""
    try:
        model, source, target = _parsed(list(arguments))
        count = score_file(model=model, source=Path(source), target=Path(target))
    except UnableToScore as error:
        stderr.write(f"score_dataset: {' '.join(str(error).split())}\n")
        return 2
    stdout.write(f"{count} rows scored with {glassbox.load(model).reference}\n")
    return 0


def _parsed(arguments: list[str]) -> tuple[str, str, str]:
    plain: list[str] = []
    model = ""
    rest = iter(arguments)
    for argument in rest:
        word, _, value = argument.partition("=")
        if word == "--model":
            model = value or next(rest, "")
        elif argument.startswith("--"):
            raise UnableToScore(f"unknown switch {argument}; {USAGE}")
        else:
            plain.append(argument)
    if not model or len(plain) != 2:
        raise UnableToScore(USAGE)
    return model, plain[0], plain[1]


def main(arguments: list[str]) -> int:
    return run_command(arguments, stdout=sys.stdout, stderr=sys.stderr)
