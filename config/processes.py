"""What the three children of `manage.py run` do: serve pages, work off jobs, keep the timetable."""

from pathlib import Path
from typing import Any

from django.conf import settings
from gunicorn.app.base import BaseApplication

from config.celery import app as celery_app

GUNICORN = Path(settings.BASE_DIR) / "deploy" / "gunicorn.conf.py"


class _Web(BaseApplication):
    """Gunicorn with the settings of deploy/gunicorn.conf.py, on one loopback address."""

    def __init__(self, bind: str) -> None:
        self.bind = bind
        super().__init__()

    def load_config(self) -> None:
        settings_file: dict[str, Any] = {}
        exec(compile(GUNICORN.read_text(), GUNICORN, "exec"), settings_file)  # noqa: S102 - our own file, as gunicorn itself reads it
        for name, value in settings_file.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)
        self.cfg.set("bind", self.bind)
        self.cfg.set("workers", 2)
        self.cfg.set("proc_name", "xinqiao web")

    def load(self) -> Any:
        from config.wsgi import application

        return application


def serve(host: str, port: int) -> None:
    """Pages on a loopback address."""
    _Web(f"{host}:{port}").run()


def work() -> None:
    """Jobs, two at a time."""
    celery_app.worker_main(["worker", "--concurrency=2", "--loglevel=WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"])


def keep_time() -> None:
    """The timetable of config/celery.py."""
    celery_app.start(["beat", "--loglevel=WARNING", "--pidfile="])
