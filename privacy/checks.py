"""System checks of the privacy house: keys that parse, catalogues that agree. (Fields check their own tags.)"""

from typing import Any

from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from . import decisions, kinds, numbers, purposes, retention, seals, vault
from .rulebook.reading import BrokenPack


@checks.register(checks.Tags.security)
def keys_are_usable(app_configs: Any, **kwargs: Any) -> list:
    """VAULT_KEYS, BLIND_INDEX_KEY, NUMBER_INDEX_KEY and SIGNING_KEY parse; the message never holds their value."""
    try:
        vault.master_keys()
        vault.blind_index("check", "")
        numbers.index("")
        seals.public_key()
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id="privacy.E010")]
    return []


@checks.register(checks.Tags.models)
def catalogues_agree(app_configs: Any, **kwargs: Any) -> list:
    """Each purpose has a known basis and retention rule, each kind a known class."""
    wrong = [p.code for p in purposes.PURPOSES.values() if p.basis not in purposes.BASES or p.retention not in retention.RULES]
    wrong += [k.code for k in kinds.KINDS.values() if k.klass not in kinds.CLASSES]
    return [checks.Error(f"Privacy catalogue entry {code!r} points nowhere.", id="privacy.E011") for code in wrong]


@checks.register(checks.Tags.security)
def contact_rules_are_whole(app_configs: Any, **kwargs: Any) -> list:
    """The shipped packs are whole and the operator's file only tightens; without that nothing starts."""
    try:
        decisions.rulebook(on=timezone.localdate())
    except BrokenPack as error:
        return [checks.Error(f"Contact rules: {error}", id="privacy.E012")]
    return []
