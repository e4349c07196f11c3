"""Celery, and the whole timetable on this one page.

Celery is the bell, never the record: messages carry ids of outbox jobs, results are not kept, and a lost or repeated message changes nothing.
"""

import os
import sys
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, task_postrun, task_prerun, worker_init, worker_process_init
from django.db import close_old_connections

from core import embedded
from core.embedded.process import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# One job may work this long: less than the outbox's lease on it, which is less than the broker's patience with an unacknowledged message.
JOB_SECONDS_MAX = 18  # core.outbox.LEASE_SECONDS is 20; a test compares them
DAY_SECONDS_MAX = 1800
MATCH_SECONDS_MAX = 570  # marketplace.run.LEASE is 600
REDELIVERY_SECONDS = 3600
# A page that rings the bell waits this long at the most; a dead or hanging broker costs speed, the sweep finds the job.
RING_SECONDS_MAX = 0.15

app = Celery("xinqiao")
app.config_from_object("django.conf:settings", namespace="CELERY")  # the broker's address only; the rest stands here
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_acks_on_failure_or_timeout=True,
    task_time_limit=JOB_SECONDS_MAX,
    task_soft_time_limit=JOB_SECONDS_MAX - 3,
    task_annotations={
        "privacy.sweep_retention": {"time_limit": DAY_SECONDS_MAX, "soft_time_limit": DAY_SECONDS_MAX - 30},
        "config.tasks.end_of_day": {"time_limit": DAY_SECONDS_MAX, "soft_time_limit": DAY_SECONDS_MAX - 30},
        "config.tasks.watch_models": {"time_limit": DAY_SECONDS_MAX, "soft_time_limit": DAY_SECONDS_MAX - 30},
        "config.tasks.match_market": {"time_limit": MATCH_SECONDS_MAX, "soft_time_limit": MATCH_SECONDS_MAX - 30},
    },
    task_publish_retry=False,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_send_task_events=False,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_max_tasks_per_child=1000,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": REDELIVERY_SECONDS,
        "socket_connect_timeout": RING_SECONDS_MAX,
        "socket_timeout": RING_SECONDS_MAX,
        "retry_on_timeout": False,
        "max_retries": 0,
    },
    broker_pool_limit=4,
    enable_utc=True,
    beat_max_loop_interval=5,
    beat_schedule_filename=str(embedded.home() / "timetable"),
)
app.conf.CELERY_DB_REUSE_MAX = sys.maxsize  # Celery itself would connect to the database anew for every task
app.autodiscover_tasks()


def _every(task: str, schedule: float | crontab, *, expires: int) -> dict:
    """An entry whose message is thrown away when nobody took it in time: the next one does the same work."""
    return {"task": task, "schedule": schedule, "options": {"expires": expires}}


# Times of day are in the platform's time zone.
app.conf.beat_schedule = {
    "jobs that are due and were not rung for": _every("core.sweep_outbox", 2.0, expires=10),
    "the next sealed segment of consents and looks": _every("privacy.seal_records", 5.0, expires=10),
    "lines the bank has booked": _every("payments.tasks.read_bank_lines", 20.0, expires=20),
    "listings whose funding window is over": _every("marketplace.tasks.expire_listings", 60.0, expires=60),
    "pledges nobody waited for": _every("marketplace.tasks.forget_intents", 600.0, expires=600),
    "shares offered too long, or whose loan has changed": _every("marketplace.tasks.tidy_sales", 300.0, expires=300),
    "the run of the market that is due": _every("config.tasks.match_market", 20.0, expires=20),
    "offers nobody accepted in time": _every("loans.tasks.expire_offers", 300.0, expires=300),
    "what has outlived its retention rule": _every("privacy.sweep_retention", crontab(hour="3", minute="40"), expires=3600),
    "proof that the books balance": _every("config.tasks.prove_books", 300.0, expires=300),
    "answers kept for repeated requests, long enough": _every("core.forget_old_replies", 3600.0, expires=3600),
    "affairs of loans and applications that have ended": _every("loans.tasks.close_affairs", 3600.0, expires=3600),
    "invitations, typed numbers and contacts that have had their time": _every("privacy.tidy_circle", 3600.0, expires=3600),
    "allowances that are full again": _every("core.forget_full_allowances", 3600.0, expires=3600),
    "weeks of applicants and months of outcomes, against what the models expected": _every(
        "config.tasks.watch_models", crontab(hour="4", minute="20"), expires=3600
    ),
    "end of the business day": _every("config.tasks.end_of_day", crontab(minute="10"), expires=3000),
}


def _patient(**_: object) -> None:
    """Workers and beat may wait for the broker; only pages may not."""
    app.conf.broker_transport_options = app.conf.broker_transport_options | {"socket_connect_timeout": 5, "socket_timeout": 30, "max_retries": None}


worker_init.connect(_patient, weak=False)
beat_init.connect(_patient, weak=False)


def _keep_connections(*, task: Any, **_: object) -> None:
    """As between two requests: connections live for CONN_MAX_AGE, and one that broke is replaced before the next task uses it."""
    if not task.request.is_eager:
        close_old_connections()


task_prerun.connect(_keep_connections, weak=False)
task_postrun.connect(_keep_connections, weak=False)


@worker_process_init.connect(weak=False)
def _end_with_the_worker(**_: object) -> None:
    """A worker killed outright takes its pool along; the jobs they had are leased, and come again."""
    if sys.platform != "win32":
        die_with_parent()
