"""Every text has its Chinese, and the catalog in the repository is the one the source asks for."""

import json

import pytest
from babel.messages.catalog import Catalog
from django.test import override_settings

from config import translations


def test_the_catalog_is_complete_and_up_to_date() -> None:
    assert translations.problems() == []


def test_collecting_twice_changes_nothing() -> None:
    once = translations.as_text(translations.collect())
    assert once == translations.as_text(translations.collect())


@pytest.fixture
def small_project(tmp_path):
    """A source tree of one template and one module."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "config").mkdir()
    (tmp_path / "templates" / "page.html").write_text(
        '{% load i18n %}{% translate "Open" context "state" %}'
        "{% blocktranslate trimmed count n=n %}{{ n }} loan{% plural %}{{ n }} loans{% endblocktranslate %}"
    )
    (tmp_path / "config" / "words.py").write_text('from django.utils.translation import gettext as _\ntext = _("Due on %(day)s") % {"day": 1}\n')
    with override_settings(BASE_DIR=tmp_path):
        yield tmp_path


def test_texts_are_found_in_templates_and_modules(small_project) -> None:
    catalog = translations.collect()
    assert {(message.id, message.context) for message in catalog if message.id} == {
        ("Open", "state"),
        (("%(n)s loan", "%(n)s loans"), None),
        ("Due on %(day)s", None),
    }


def test_merging_fills_context_plural_and_plain_texts(small_project) -> None:
    (small_project / "zh").mkdir()
    texts = {"state\u0004Open": "募集中", "%(n)s loan": ["%(n)s笔借款"], "Due on %(day)s": "%(day)s到期", "Not in the source": "无"}
    (small_project / "zh" / "a.json").write_text(json.dumps(texts), encoding="utf-8")
    catalog = translations.collect()
    assert translations.merge(catalog, small_project / "zh") == 3
    translations.save(catalog)
    assert translations.problems() == []


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        ({"Due on %(day)s": "到期"}, "placeholders differ"),
        ({"Due on %(day)s": "%(date)s到期"}, "placeholders differ"),
        ({"Due on %(day)s": ""}, "untranslated"),
    ],
)
def test_missing_and_broken_texts_are_named(small_project, texts: dict[str, str], problem: str) -> None:
    (small_project / "zh").mkdir()
    good = {"state\u0004Open": "募集中", "%(n)s loan": ["%(n)s笔借款"], "Due on %(day)s": "%(day)s到期"}
    (small_project / "zh" / "a.json").write_text(json.dumps(good | texts), encoding="utf-8")
    catalog = translations.collect()
    translations.merge(catalog, small_project / "zh")
    translations.save(catalog)
    assert [found for found in translations.problems() if found.startswith(problem)]


def test_a_changed_source_makes_the_catalog_stale(small_project) -> None:
    translations.save(translations.collect())
    (small_project / "config" / "more.py").write_text('from django.utils.translation import gettext\nmore = gettext("New words")\n')
    assert translations.problems()[0].startswith("stale")


def test_compiling_happens_once(small_project) -> None:
    translations.save(translations.collect())
    assert translations.compile_if_stale()
    assert not translations.compile_if_stale()


def test_an_empty_catalog_is_a_catalog(small_project) -> None:
    assert isinstance(translations.load(), Catalog)
