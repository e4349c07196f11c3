"""Training on real loans: which fields may enter, how a model is fitted, calibrated and measured.

Needs LightGBM, which only developers install. What it makes is plain JSON that `credit.glassbox` reads with numpy alone.
"""
