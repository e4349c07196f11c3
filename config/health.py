"""Two questions an operator's machines ask: is the process alive (`/healthz`), and can it serve (`/readyz`)."""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import cache

import redis
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Min
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)
OUTBOX_AGE_MAX = timedelta(minutes=5)
BROKER_SECONDS_MAX = 0.2


class NotReady(Exception):
    """One word for the answer; never a value from the database."""


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when pages can be served. A missing broker only slows work down (the sweep finds the jobs), so it is told but does not fail."""
    answers = {name: _answer(check) for name, check in (("database", _database), ("migrations", _migrations), ("outbox", _outbox), ("broker", _broker))}
    ready = answers["database"] == answers["migrations"] == "ok"
    return JsonResponse({"ready": ready} | answers, status=200 if ready else 503)


def _answer(check: Callable[[], None]) -> str:
    try:
        check()
    except NotReady as reason:
        return str(reason)
    except (DatabaseError, LookupError, redis.RedisError, OSError) as error:
        logger.warning("%s: %s", check.__name__.strip("_"), type(error).__name__)
        return "unreachable"
    return "ok"


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def pending_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


@cache
def _migrated() -> bool:
    if pending_migrations():
        raise NotReady("pending")
    return True


def _migrations() -> None:
    _migrated()  # an exception is not remembered, a yes is: migrations do not go away under a running process


def outbox_age() -> timedelta:
    """How long the oldest due job has waited. Zero when none waits."""
    job = apps.get_model("core", "Job")
    now = timezone.now()
    oldest = job.objects.filter(state="waiting").aggregate(due=Min(Coalesce("next_at", "created_at")))["due"]
    return max(now - oldest, timedelta(0)) if oldest else timedelta(0)


def _outbox() -> None:
    if outbox_age() > OUTBOX_AGE_MAX:
        raise NotReady("late")


def _broker() -> None:
    redis.Redis.from_url(settings.REDIS_URL, socket_timeout=BROKER_SECONDS_MAX, socket_connect_timeout=BROKER_SECONDS_MAX).ping()
