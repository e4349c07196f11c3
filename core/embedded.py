"""Embedded PostgreSQL and Valkey: where they live and how to reach them. (Placeholder: the launcher is on its way.)"""

import base64
import os
import secrets
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent


def home() -> Path:
    path = Path(os.environ.get("XINQIAO_HOME", BASE_DIR / ".run"))
    path.mkdir(mode=0o700, exist_ok=True, parents=True)
    return path


def secret(name: str) -> str:
    path = home() / f"secret.{name.lower()}"
    if not path.exists():
        raw = base64.b64encode(secrets.token_bytes(32)).decode()
        path.write_text(f"k1:{raw}" if name == "VAULT_KEYS" else raw)
        path.chmod(0o600)
    return path.read_text()


def database_settings() -> dict:
    return {"ENGINE": "django.db.backends.postgresql", "NAME": "xinqiao", "USER": "xinqiao", "HOST": str(home())}


def redis_url() -> str:
    return f"unix://{home()}/valkey.sock"


def broker_url(url: str) -> str:
    return url.replace("unix://", "redis+socket://")
