"""What Celery calls. Each task makes one domain call; the timetable is in config/celery.py."""

from celery import shared_task
from django.utils import timezone

from core import idempotency, outbox, pace


@shared_task(name="core.run_job", ignore_result=True)
def run_job(job_id: int) -> None:
    outbox.run(job_id, now=timezone.now())


@shared_task(name="core.run_jobs", ignore_result=True)
def run_jobs(job_ids: list[int]) -> None:
    for job_id in job_ids:
        outbox.run(job_id, now=timezone.now())


@shared_task(name="core.sweep_outbox", ignore_result=True)
def sweep_outbox() -> None:
    outbox.sweep(now=timezone.now())


@shared_task(name="core.forget_old_replies", ignore_result=True)
def forget_old_replies() -> None:
    idempotency.forget_replies(now=timezone.now())


@shared_task(name="core.forget_full_allowances", ignore_result=True)
def forget_full_allowances() -> None:
    pace.forget(now=timezone.now())
