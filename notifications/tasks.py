"""Celery's thin end: each task reads the clock and makes one call."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from notifications.channels import inbox


@shared_task(ignore_result=True)
def forget_old_messages() -> None:
    inbox.forget_old(now=timezone.now())
