"""The house as tests: layers, the direction of foreign keys, migrations in step with models, style, types, templates."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import Field

CHECKOUT = Path(settings.BASE_DIR)
PYPROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
STACK: list[str] = PYPROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
LEVELS = {name.strip(): level for level, layer in enumerate(STACK) for name in layer.split("|")}
NOT_PRODUCT = {"tests", "benchmarks", "deploy", "docs", "templates", "static", "locale", "requirements"}
SOURCES = [path for name in LEVELS for path in (CHECKOUT / name).rglob("*.py") if "migrations" not in path.parts]


def tool(*command: str) -> subprocess.CompletedProcess:
    return subprocess.run([str(Path(sys.executable).parent / command[0]), *command[1:]], cwd=CHECKOUT, capture_output=True, text=True, check=False)


def passes(*command: str) -> None:
    done = tool(*command)
    assert done.returncode == 0, done.stdout + done.stderr


def test_imports_point_down_and_only_postings_move_money() -> None:
    passes("lint-imports", "--no-cache")


def test_every_first_party_package_is_in_the_contract() -> None:
    packages = {path.parent.name for path in CHECKOUT.glob("*/__init__.py")} - NOT_PRODUCT
    assert packages == set(LEVELS)
    assert set(PYPROJECT["tool"]["importlinter"]["root_packages"]) == packages
    installed = {config.name for config in apps.get_app_configs() if Path(config.path).parent == CHECKOUT}
    assert installed == packages


def test_foreign_keys_point_down() -> None:
    """String foreign keys escape the linter; the models themselves do not."""
    wrong = []
    fields = [(model, field) for model in apps.get_models(include_auto_created=True) for field in model._meta.get_fields()]
    for model, field in fields:
        if not isinstance(field, Field) or not field.is_relation or field.related_model is None:
            continue
        source, target = model._meta.app_label, field.related_model._meta.app_label
        if source in LEVELS and target in LEVELS and source != target and LEVELS[source] >= LEVELS[target]:
            wrong.append(f"{model._meta.label}.{field.name} → {target}")
    assert not wrong


@pytest.mark.django_db
def test_migrations_say_what_models_say() -> None:
    from django.core.management import call_command

    call_command("makemigrations", "--check", "--dry-run", verbosity=1)


def test_config_has_no_models() -> None:
    assert not list(apps.get_app_config("config").get_models())


def test_style() -> None:
    passes("ruff", "check", ".")
    passes("ruff", "format", "--check", ".")


def test_types() -> None:
    passes("mypy", ".")


def test_templates_are_formatted() -> None:
    templates = sorted(str(path) for path in (CHECKOUT / "templates").rglob("*.html"))
    if templates:
        passes("djade", "--check", "--target-version", "5.2", *templates)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_files_stay_small_and_say_what_they_own(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 400, "split it by noun"
    if text.strip() and path.name not in ("apps.py", "__init__.py"):
        assert text.startswith('"""'), "the module docstring says what the file owns"


def test_templates_carry_no_inline_style_or_script() -> None:
    import re

    inline = re.compile(r"""\sstyle\s*=|<style\b|<script(?![^>]*(?:\bsrc=|type="application/json"))|\son[a-z]+\s*=\s*["']|javascript:""", re.I)
    pages = [path for path in (CHECKOUT / "templates").rglob("*.html") if "email" not in path.parts]
    # data for a script (type application/json) is not run by any browser
    assert not [f"{path.relative_to(CHECKOUT)}: {found[0]}" for path in pages if (found := inline.search(path.read_text()))]


def test_business_rules_hang_on_no_signal_and_no_save() -> None:
    forbidden = ("pre_save.connect", "post_save", "pre_delete", "post_delete", "m2m_changed", "@receiver", "def save(self")
    found = [f"{path.relative_to(CHECKOUT)}: {word}" for path in SOURCES for word in forbidden if word in path.read_text() and "/forms" not in str(path)]
    assert not found
