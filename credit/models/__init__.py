"""What credit keeps. The scorecards beside these files are data."""

from credit.models.change import ModelChange
from credit.models.decision import Decision, ShadowScore
from credit.models.inquiry import Inquiry

__all__ = ["Decision", "Inquiry", "ModelChange", "ShadowScore"]
