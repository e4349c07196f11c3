"""A kite: in the box, in the air, lost in a tree. A model known to no migration, with everything core.states offers."""

from django.apps.registry import Apps
from django.db import models
from django.test.utils import isolate_apps
from pgtrigger import registry

import core.models
from core.models import Referenced
from core.states import Transitions, reached, track_state

FLIGHT = Transitions(("boxed", "borrowed"), {"boxed": ("flying",), "borrowed": ("flying",), "flying": ("boxed", "lost")})

with isolate_apps("core"):

    @track_state
    class Kite(Referenced):
        REFERENCE_PREFIX = "KT"
        state = models.CharField(max_length=10, default="boxed")
        height = models.IntegerField(default=0)
        lost_at = models.DateTimeField(null=True)

        class Meta:
            app_label = "core"
            db_table = "test_kite"
            triggers = [FLIGHT.trigger()]
            constraints = [reached(["lost"], "lost_at")]

    KiteStateEvent = core.models.KiteStateEvent
    del core.models.KiteStateEvent

assert isinstance(Kite._meta.apps, Apps)


def forget() -> None:
    """Takes the kite's triggers out of the registry, so that no other test takes them for the product's."""
    for uri in [uri for uri, (model, _) in registry._registry.items() if model in (Kite, KiteStateEvent)]:
        del registry._registry[uri]


TRIGGERS = [(model, trigger) for model, trigger in registry._registry.values() if model in (Kite, KiteStateEvent)]
TRIGGERS += [(model, trigger) for model in (Kite, KiteStateEvent) for trigger in model._meta.triggers if (model, trigger) not in TRIGGERS]
forget()
