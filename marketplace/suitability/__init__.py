"""Whether investing suits somebody, by jurisdiction: dated packs of figures with where they are from, a pure rules engine, and the checks people took.

A pack is chosen by the party's funding profile; where that is SANDBOX, by the setting SUITABILITY_PACK.
"""
