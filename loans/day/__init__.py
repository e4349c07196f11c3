"""The end of a business day over the whole book: close every loan, collect what falls due, prove the books.

A run has phases, a phase has shards, a shard is one transaction of one worker. Each shard's effect and its completion mark commit together,
so a run that was killed anywhere goes on where it stopped, two runs at once do the work once, and a finished day does nothing again.
"""

from loans.day.run import UnableToClose, begin, close_day, release, run_day

__all__ = ["UnableToClose", "begin", "close_day", "release", "run_day"]
