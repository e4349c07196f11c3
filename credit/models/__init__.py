"""What credit keeps. The scorecards beside these files are data."""

from credit.models.change import ModelChange
from credit.models.decision import Decision, ShadowScore
from credit.models.inquiry import Inquiry
from credit.models.watch import ModelAlarm, MonthOfOutcomes, Watch, WeekOfInputs

__all__ = ["Decision", "Inquiry", "ModelAlarm", "ModelChange", "MonthOfOutcomes", "ShadowScore", "Watch", "WeekOfInputs"]
