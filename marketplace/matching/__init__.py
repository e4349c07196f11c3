"""`fair-flow/1`: whose money funds which listing (docs/matching.md). Pure: plain data in, plain data out.

Order of work: `terms` → `market` (eligibility, caps, limits) → `levels` → `units` → `priority` → `split` → `certificate`.
All amounts inside are whole note units; everything is in canonical order (by hash), so the order of the input changes nothing.
"""
