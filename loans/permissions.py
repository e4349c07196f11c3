"""Object permissions on borrower files, read live: a grant counts only while it, its consent and its expiry hold."""

from __future__ import annotations

import inspect
from typing import Any

from guardian import shortcuts
from guardian.backends import ObjectPermissionBackend

from loans.models import BorrowerFile, DisclosureGrant


class LiveGrantBackend(ObjectPermissionBackend):
    """guardian's backend, narrowed: only files carry object permissions, and only live grants open them.

    No model-level permission and no superuser flag opens a file: staff read through the disclosure door with a purpose.
    """

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        if not isinstance(obj, BorrowerFile) or not user_obj.is_active or user_obj.is_anonymous:
            return False
        codename = perm.rpartition(".")[2]
        return DisclosureGrant.objects.filter(user=user_obj, content_object=obj, permission__codename=codename).exists()

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if not isinstance(obj, BorrowerFile) or user_obj.is_anonymous:
            return set()
        return set(DisclosureGrant.objects.filter(user=user_obj, content_object=obj).values_list("permission__codename", flat=True))


def list_by_grant_alone() -> None:
    """guardian's own listing gives a superuser everything unless told otherwise at every call; here it is told once, so that no call forgets it."""
    function = shortcuts.get_objects_for_user
    narrower = {"with_superuser": False, "accept_global_perms": False}
    given = [parameter for parameter in inspect.signature(function).parameters.values() if parameter.default is not parameter.empty]
    function.__defaults__ = tuple(narrower.get(parameter.name, parameter.default) for parameter in given)
