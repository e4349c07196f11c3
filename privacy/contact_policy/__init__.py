"""May this person be contacted? `decide` is pure, total and deterministic: no database, no clock, no Django.

Every jurisdiction named must allow; the first that does not is reported. Within one, the steps are walked in order, the law of the pack before the
house rule at each: the first failure is the reason, the later ones are kept. What is absent or unknown fails the step that needs it.
"""

from privacy.contact_policy.deciding import decide
from privacy.contact_policy.request import ALLOW, DENY, REASONS, UNTOLD, Attempts, Decision, Request

__all__ = ["ALLOW", "DENY", "REASONS", "UNTOLD", "Attempts", "Decision", "Request", "decide"]
