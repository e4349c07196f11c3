"""Settings refuse what would be unsafe, say why in one line, and need nothing at all for looking around."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

CHECKOUT = Path(settings.BASE_DIR)
SERVERS = {"DATABASE_URL": "postgres://nobody:x@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
KEY = "A" * 43 + "="
SECRETS = {"SECRET_KEY": "7ghT2!kZp0QmXw94vLbNc" * 3, "VAULT_KEYS": f"k1:{KEY}", "BLIND_INDEX_KEY": KEY, "NUMBER_INDEX_KEY": KEY, "SIGNING_KEY": KEY}
PRODUCT = SERVERS | SECRETS | {"DEBUG": "0", "ALLOWED_HOSTS": "loans.example", "SUITABILITY_PACK": "UK"}


def python(*arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess:
    clean = {"PATH": os.environ["PATH"], "XINQIAO_HOME": str(home), "LANG": "C.UTF-8"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=CHECKOUT, env=clean | environment, capture_output=True, text=True, timeout=120, check=False)


def manage(*arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess:
    return python("manage.py", *arguments, home=home, **environment)


def shown(expression: str, *, home: Path, **environment: str) -> subprocess.CompletedProcess:
    """What that is with those settings; nothing but the settings is loaded for it."""
    program = f"from core import embedded; from django.conf import settings as s; s.DEBUG; print({expression})"
    return python("-c", program, home=home, DJANGO_SETTINGS_MODULE="config.settings", **environment)


def refusal(done: subprocess.CompletedProcess) -> str:
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("missing", ["SECRET_KEY", "VAULT_KEYS", "BLIND_INDEX_KEY", "NUMBER_INDEX_KEY", "SIGNING_KEY", "ALLOWED_HOSTS", "SUITABILITY_PACK"])
def test_a_product_installation_names_the_secret_it_lacks(missing: str, tmp_path: Path) -> None:
    given = {name: value for name, value in PRODUCT.items() if name != missing}
    assert f"{missing} must be set when DEBUG=0" in refusal(manage("check", home=tmp_path, **given))


@pytest.mark.parametrize("missing", ["DATABASE_URL", "REDIS_URL"])
def test_a_product_installation_refuses_embedded_services(missing: str, tmp_path: Path) -> None:
    given = {name: value for name, value in PRODUCT.items() if name != missing}
    assert "SINGLE_NODE=1" in refusal(manage("check", home=tmp_path, **given))


@pytest.mark.parametrize("address", ["nonsense", "sqlite:///loans.db", "mysql://u:p@127.0.0.1/x"])
def test_a_database_of_another_kind_is_refused_in_one_line(address: str, tmp_path: Path) -> None:
    assert "DATABASE_URL must name a PostgreSQL database" in refusal(manage("check", home=tmp_path, **PRODUCT | {"DATABASE_URL": address}))


def test_one_machine_of_ones_own_may_use_embedded_services(tmp_path: Path) -> None:
    done = manage("check", home=tmp_path, **SECRETS, DEBUG="0", ALLOWED_HOSTS="loans.example", SUITABILITY_PACK="CN", SINGLE_NODE="1")
    assert done.returncode == 0, done.stderr


def test_product_settings_pass_the_deployment_check(tmp_path: Path) -> None:
    named = {"IDENTITY_PROVIDER": "house.kyc.Desk", "CREDIT_BUREAU": "house.bureau.Bureau", "CREDIT_BANK": "house.bank.Bank"}
    done = manage("check", "--deploy", "--fail-level", "WARNING", home=tmp_path, **PRODUCT, **named)
    assert done.returncode == 0, done.stderr
    bare = manage("check", "--deploy", home=tmp_path, **PRODUCT)
    assert bare.returncode != 0
    for name in named:
        assert f"{name} names no real provider" in bare.stderr


def test_a_product_installation_is_no_sandbox_unless_it_says_so(tmp_path: Path) -> None:
    """No simulated bank, no text messages that anybody reads, no rule pack that nobody signed; and strangers behind a proxy are told apart."""
    show = "s.SIGNED_PACKS_SANDBOX, s.ALLAUTH_TRUSTED_PROXY_COUNT, s.SUITABILITY_PACK"
    plain = shown(show, home=tmp_path, **PRODUCT)
    told = shown(show, home=tmp_path, **PRODUCT | {"SUITABILITY_PACK": "SANDBOX"}, SANDBOX="1", BEHIND_PROXY="1")
    assert (plain.stdout.split(), told.stdout.split()) == (["False", "0", "UK"], ["True", "1", "SANDBOX"]), plain.stderr + told.stderr


def test_a_product_installation_asks_investors_something(tmp_path: Path) -> None:
    refused = "SUITABILITY_PACK must be set when DEBUG=0"
    assert refused in refusal(manage("check", home=tmp_path, **PRODUCT | {"SUITABILITY_PACK": "SANDBOX"}))
    assert "No suitability pack 'MOON'" in manage("check", home=tmp_path, **PRODUCT | {"SUITABILITY_PACK": "MOON"}).stderr


def test_settings_need_no_writable_folder(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder, so nothing can be made in it, not even by root")
    done = shown("'kept', embedded.secrets_kept()", home=blocked / "run")
    assert done.stdout.split() == ["kept", "False"], done.stderr


def test_looking_at_settings_starts_nothing(tmp_path: Path) -> None:
    done = shown("s.DATABASES['default']['HOST']", home=tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.glob("run/pg*"))


def test_development_secrets_are_made_once(tmp_path: Path) -> None:
    first, second = (shown("s.SECRET_KEY, s.VAULT_KEYS", home=tmp_path).stdout for _ in range(2))
    assert first.strip()
    assert first == second
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.glob("secret.*"))
