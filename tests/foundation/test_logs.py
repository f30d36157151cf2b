"""Log lines carry no addresses, whoever writes them."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from wagtail_precise_mail import logs
from wagtail_precise_mail.logs import AddressFilter, JsonFormatter, protect_loggers, without_addresses

PACKAGE = Path(logs.__file__).parent


@pytest.mark.parametrize(
    "address",
    [
        "ida@example.com",
        "ida.b+news@mail.example.co.uk",
        '"ida b"@example.com'.replace(" ", "."),
        "ida@localhost",
        "用户@例子.广告",
        "o'hara@example.com".replace("'", "_"),
        "bounces+ida=example.com@shop.example",
    ],
)
def test_an_address_becomes_a_hash(address: str) -> None:
    text = without_addresses(f"550 5.1.1 <{address}>: user unknown")
    assert "@" not in text
    assert text.startswith("550 5.1.1 <")
    assert text.endswith(">: user unknown")


def test_the_same_address_is_recognized() -> None:
    assert without_addresses("IDA@example.com") == without_addresses("ida@Example.com")
    assert without_addresses("ida@example.com") != without_addresses("ada@example.com")


def test_other_words_stay_as_they_are() -> None:
    text = "Send 7 waits: 421 4.7.0 try again (try 2) at 12:00 @ noon"
    assert without_addresses(text) == text


def test_arguments_are_looked_through(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("wagtail_precise_mail.delivery.sending").warning("Nobody at %s", "ida@example.com")
    assert "ida" not in caplog.text
    assert "Nobody at address:" in caplog.text


def test_traces_are_looked_through(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError("no ida@example.com here")
    except ValueError:
        logging.getLogger("wagtail_precise_mail.delivery.sending").exception("Odd.")
    assert "ida@" not in caplog.text
    assert "ValueError: no address:" in caplog.text
    assert caplog.records[0].exc_info is None


def test_every_module_of_the_package_is_protected() -> None:
    protect_loggers()
    names = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in PACKAGE.rglob("*.py")
    }
    open_ones = [
        name for name in names if not any(isinstance(one, AddressFilter) for one in logging.getLogger(name).filters)
    ]
    assert open_ones == []


def test_errors_of_tasks_are_protected_too(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("django-q")
    logger.addHandler(caplog.handler)
    try:
        logger.error("Failed 'x' - no ida@example.com")
    finally:
        logger.removeHandler(caplog.handler)
    assert "ida@" not in caplog.text


def test_a_line_of_json_is_one_object() -> None:
    record = logging.LogRecord("wagtail_precise_mail.x", logging.WARNING, "x.py", 1, "Send %s\nwaits", (7,), None)
    line = JsonFormatter().format(record)
    assert "\n" not in line
    found = json.loads(line)
    assert (found["level"], found["message"], found["logger"]) == ("warning", "Send 7\nwaits", "wagtail_precise_mail.x")
