"""The market for programs: the same operations as its pages, through the same domain calls, on the disclosed record only."""
