"""Grades as bands of expected loss a year, in words for pages."""

from __future__ import annotations

BANDS: tuple[tuple[str, str], ...] = (("A", "< 0.75%"), ("B", "0.75–1.50%"), ("C", "1.50–3.00%"), ("D", "3.00–5.00%"), ("E", "> 5.00%"))
