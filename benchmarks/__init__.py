"""Speed as ratios: what the product does against the least SQL that could do it, in interleaved rounds on one machine (`make bench`)."""
