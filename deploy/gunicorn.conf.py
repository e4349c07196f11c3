"""Gunicorn's settings, for `manage.py run` and for `gunicorn -c deploy/gunicorn.conf.py config.wsgi` alike."""

import os

from gunicorn.glogging import Logger

from core.embedded.process import die_with_parent

bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY", "3"))
worker_class = "gthread"
threads = 8
preload_app = True
timeout = 60
graceful_timeout = 10
keepalive = 5
max_requests = 10_000
max_requests_jitter = 1_000
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - heartbeat files, which must never wait for a disk
control_socket_disable = True
limit_request_line = 4094
# No access log: addresses and paths are personal data here. What happened is in the application's own log.
accesslog = None


class Discreet(Logger):
    """Tells that a request could not be read, not whose it was nor what stood in it."""

    def warning(self, msg, *args, **kwargs):
        super().warning("Invalid request" if str(msg).startswith("Invalid request from ip=") else msg, *args, **kwargs)


logger_class = Discreet
errorlog = "-"
loglevel = "warning"


def post_fork(server, worker):
    """A web worker never outlives its master."""
    die_with_parent()
