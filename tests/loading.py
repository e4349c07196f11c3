"""What the processes of tests/forks.py begin with: the program loaded, connected to nothing. Importing this is loading it."""

import gc
from importlib import import_module

import django
from django.conf import settings

django.setup()
import_module(settings.ROOT_URLCONF)
import_module("config.celery").app.loader.import_default_modules()
gc.freeze()
