"""What credit keeps. The scorecards beside these files are data."""

from credit.models.change import ModelChange
from credit.models.decision import Decision, ShadowScore

__all__ = ["Decision", "ModelChange", "ShadowScore"]
