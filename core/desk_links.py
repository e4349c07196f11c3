"""Lists of the admin site whose rows lead to a desk: the way is shown to whoever may go it, and to others the reference alone."""

from typing import Any

from django.http import HttpRequest


class DeskLinks:
    """For a ModelAdmin. `desk_column` links to the desk; `desk_permissions`: one of these opens it."""

    desk_column = "linked"
    desk_permissions: tuple[str, ...] = ()

    def get_list_display(self, request: HttpRequest) -> Any:
        shown = super().get_list_display(request)  # type: ignore[misc]
        if any(request.user.has_perm(permission) for permission in self.desk_permissions):
            return shown
        return tuple("reference" if name == self.desk_column else name for name in shown)
