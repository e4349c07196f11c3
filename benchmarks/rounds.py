"""Interleaved rounds: several ways of doing one thing take turns, each with the same number of client processes, in the same minute."""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

from django.db import connections

Work = Callable[[], int | None]
"""One unit of work on the client's own connection. Returns how many things it did; None counts as one."""


@dataclass(frozen=True)
class Clock:
    """How long one measurement lasts, how many rounds there are, and how many loans a whole book has."""

    seconds: float = 1.5
    rounds: int = 5
    loans: int = 100_000


@dataclass
class Measured:
    """Of each way, round by round: things a second over all clients, and the middle and the 99th percentile of the time one took, in ms."""

    rates: dict[str, list[float]] = field(default_factory=dict)
    p50: dict[str, list[float]] = field(default_factory=dict)
    p99: dict[str, list[float]] = field(default_factory=dict)

    def ratios(self, above: str, below: str) -> list[float]:
        return [one / other for one, other in zip(self.rates[above], self.rates[below], strict=True)]

    def rate(self, name: str) -> float:
        return statistics.median(self.rates[name])


def measure(works: Mapping[str, Work], *, clients: int, clock: Clock, between: Callable[[], object] | None = None) -> Measured:
    """`clients` processes do each work in turn, `clock.rounds` times. `between` runs here before each turn."""
    found = Measured({name: [] for name in works}, {name: [] for name in works}, {name: [] for name in works})
    connections.close_all()
    context = get_context("fork")
    start = context.Barrier(clients)
    with context.Pool(clients, initializer=_begin, initargs=(dict(works), start)) as pool:
        for name in works:
            pool.map(_turn, [(name, 0.2)] * clients, chunksize=1)  # connections, caches, plans
        for _round in range(clock.rounds):
            for name in works:
                if between:
                    between()
                    connections.close_all()
                _keep(found, name, pool.map(_turn, [(name, clock.seconds)] * clients, chunksize=1))
    return found


def _keep(found: Measured, name: str, turns: Iterable[tuple[float, list[float]]]) -> None:
    turns = list(turns)
    took = sorted(one for _rate, each in turns for one in each)
    found.rates[name].append(sum(rate for rate, _took in turns))
    found.p50[name].append(took[len(took) // 2] * 1000)
    found.p99[name].append(took[int(len(took) * 0.99)] * 1000)


_works: dict[str, Work] = {}
_start: Any = None


def _begin(works: dict[str, Work], start: Any) -> None:
    global _works, _start
    _works, _start = works, start
    random.seed(os.getpid())
    connections.close_all()


def _turn(order: tuple[str, float]) -> tuple[float, list[float]]:
    """(things a second, seconds of each unit of work) of this client; all clients begin together."""
    name, seconds = order
    work, done, took = _works[name], 0, []
    connections["default"].ensure_connection()
    _start.wait()
    began = now = time.perf_counter()
    while now - began < seconds:
        done += work() or 1
        before, now = now, time.perf_counter()
        took.append(now - before)
    return done / (now - began), took


def once(works: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, list[float]]:
    """Seconds each work takes in this process, once a round, taking turns."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _round in range(rounds):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            found[name].append(time.perf_counter() - began)
    return found
