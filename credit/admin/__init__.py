"""Staff's side of credit: decisions to look at, and changes of model that one person proposes and another signs."""

from credit.admin import change, registers, watch

__all__ = ["change", "registers", "watch"]
