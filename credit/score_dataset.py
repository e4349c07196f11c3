"""`manage.py score_dataset --model SET IN.parquet OUT.parquet`: the probability of the bad outcome for each row of a file.

Needs the model's JSON, numpy and pyarrow; no Django, database, service, and nothing that trains.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
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
    rows = _open(source)
    wanted = [IDENTITY, *found.fields]
    if absent := [name for name in wanted if name not in rows.schema_arrow.names]:
        raise UnableToScore(f"{source} lacks {', '.join(absent)}")
    identity, risk = [], []
    for batch in rows.iter_batches(batch_size=BATCH, columns=wanted):
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
