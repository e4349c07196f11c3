"""Wiring only: settings, urls, Celery's timetable, the API root, and pages and commands that combine apps.

Has no models.
"""

from config.celery import app as celery_app

__all__ = ["celery_app"]
