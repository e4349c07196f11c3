"""Wiring only: settings, urls, Celery's timetable, the API root, and pages and commands that combine apps.

Has no models. Importing it starts nothing: `recompute` runs without settings (Celery is bound in apps.py).
"""
