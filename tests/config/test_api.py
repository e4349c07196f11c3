"""The API as a whole: its schema, and what answers where nothing is."""

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from tests import cast
from tests.programs import Program, problem


def test_the_schema_is_valid_and_generated_without_a_warning(tmp_path: Any) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_anybody_may_read_the_schema_in_their_language(language: str) -> None:
    answer = Program(language=language).get("schema/")
    schema = answer.json()
    assert schema["paths"]["/api/v1/me/"]["get"]["summary"] == {"en": "Who I am", "zh-hans": "我是谁"}[language]
    assert schema["components"]["schemas"]["Pledge"]["additionalProperties"] is False


def test_every_operation_says_how_it_fails_and_every_write_asks_for_a_key() -> None:
    schema = Program().get("schema/").json()
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            assert {"401", "403", "404", "429"} <= set(operation["responses"]), path
            headers = {parameter["name"]: parameter.get("required", False) for parameter in operation.get("parameters", ()) if parameter["in"] == "header"}
            assert headers.get("Idempotency-Key", False) == (method != "get"), path
            assert operation["security"], path


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/api/v1/nothing/", "/api/v1/me", "/api/v2/", "/api/v1/listings/%00/", "/api/v1/pledges/XQ-lower000/", "/api/x"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_an_unknown_address_is_a_problem_document_too(address: str, method: str) -> None:
    problem(Client(headers={"accept-language": "en"}).generic(method, address), 404, "not_found")


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_a_method_that_is_not_there(method: str) -> None:
    answer = Program(cast.bob()).client.generic(method, "/api/v1/me/", headers={"Idempotency-Key": "abcdefgh"})
    problem(answer, 405, "method_not_allowed")
    assert set(answer["Allow"].split(", ")) == {"GET", "HEAD"}


@pytest.mark.django_db
def test_a_fault_of_ours_is_a_problem_document_without_its_text(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    from payments import wallet

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("resident 33010619910417002X")

    monkeypatch.setattr(wallet, "overview", fail)
    bob = Program(cast.bob())
    bob.client.raise_request_exception = False
    answer = bob.get("wallet/")
    problem(answer, 500, "server_error")
    assert "resident" not in answer.content.decode()
    assert "answered 500 kind=RuntimeError" in caplog.text
