"""The course of a loan as a pure function of its contract and its events: every amount anybody derives comes from here.

`replay(contract, events, closed_to=day)` starts from the schedule, applies the events in the order of their days, closes each day in
between (late charges, days late, state), and returns the `Course`. A backdated entry is one more event and a new replay, never an edit.
No clock, no database, no float.
"""

from loans.replay.course import Course, Row
from loans.replay.events import Contract, Event, Kind, UnableToReplay
from loans.replay.quote import Quote, quote
from loans.replay.run import replay

__all__ = ["Contract", "Course", "Event", "Kind", "Quote", "Row", "UnableToReplay", "quote", "replay"]
