"""Canaries: every person's every field carries a value nobody else has; wherever one turns up, somebody let it out."""
