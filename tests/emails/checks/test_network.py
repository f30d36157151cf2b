"""Following links: what servers answer, and that nobody gets at servers behind our own firewall."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any, ClassVar

import pytest

from wagtail_precise_mail.emails.checks import network
from wagtail_precise_mail.emails.checks.network import Guard, LinkState, Refused, check_link, check_links, is_public

CERTIFICATE = Path(__file__).with_name("shop.example.pem")
"""Of "shop.example", with its key, signed by itself: for these tests only."""


class Shop(BaseHTTPRequestHandler):
    """A web server with a page for each case."""

    asked: ClassVar[list[tuple[str, str, str]]] = []

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        self.asked.append((self.command, self.path, self.headers["Host"]))
        status, headers = self.page()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET" and status == 200:
            self.flood()

    def page(self) -> tuple[int, dict[str, str]]:
        name = self.path.strip("/")
        if name == "slow":
            time.sleep(3)
        if name == "drip":
            self.drip()
        if name.startswith("to="):
            return 302, {"Location": name[3:]}
        if name == "no-head":
            return (405 if self.command == "HEAD" else 200), {}
        return (int(name) if name.isdigit() else 200), {}

    def drip(self) -> None:
        """One byte now and then: no read ever takes too long."""
        for _number in range(100):
            self.wfile.write(b"X")
            time.sleep(0.2)

    def flood(self) -> None:
        """A body without end."""
        for _number in range(10_000):
            self.wfile.write(b"x" * 100_000)

    def log_message(self, *args: Any) -> None:
        pass


class Quiet(ThreadingHTTPServer):
    """Does not tell when a client hangs up."""

    daemon_threads = True

    def handle_error(self, *args: Any) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = Quiet(("127.0.0.1", 0), Shop)
    Shop.asked = []
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def at_home(host: str, port: int) -> list[str]:
    """A name server that knows the hosts of the tests."""
    known = {"shop.example": ["127.0.0.1"], "inside.example": ["10.0.0.5"], "mixed.example": ["93.184.216.34", "::1"]}
    if host in known:
        return known[host]
    if host.replace(".", "").isdigit() or ":" in host:
        return [host]
    raise socket.gaierror(socket.EAI_NONAME, "no such host")


def is_ours(address: Any) -> bool:
    """The test's own server counts as public."""
    return str(address) == "127.0.0.1" or is_public(address)


GUARD = Guard(resolve=at_home, is_allowed=is_ours, ports=None)


def ask(url: str) -> Any:
    return check_link(url, guard=GUARD)


@pytest.mark.parametrize(
    ("page", "state", "code"),
    [
        ("", LinkState.OK, 200),
        ("404", LinkState.DEAD, 404),
        ("410", LinkState.DEAD, 410),
        ("500", LinkState.DEAD, 500),
        ("403", LinkState.UNSURE, 403),
        ("429", LinkState.UNSURE, 429),
        ("no-head", LinkState.OK, 200),
        ("to=/200", LinkState.OK, 200),
        ("to=/404", LinkState.DEAD, 404),
    ],
)
def test_answers_of_a_server(port: int, page: str, state: str, code: int) -> None:
    result = ask(f"http://shop.example:{port}/{page}")
    assert (result.state, result.code) == (state, code)


def test_server_is_asked_by_its_name_at_the_address_that_was_looked_at(port: int) -> None:
    assert ask(f"http://shop.example:{port}/tea").state == LinkState.OK
    assert Shop.asked == [("HEAD", "/tea", f"shop.example:{port}")]


def test_body_is_never_read(port: int) -> None:
    started = time.monotonic()
    assert ask(f"http://shop.example:{port}/no-head").state == LinkState.OK
    assert time.monotonic() - started < 5


def test_host_without_a_server_is_dead() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        result = ask(f"http://shop.example:{free.getsockname()[1]}/")
    assert result.state == LinkState.DEAD


def test_host_that_does_not_exist_is_dead() -> None:
    assert ask("http://nowhere.example/").state == LinkState.DEAD


def test_name_server_that_is_away_is_no_dead_link() -> None:
    def away(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    assert check_link("http://shop.example/", guard=Guard(resolve=away)).state == LinkState.UNSURE


@pytest.mark.slow
@pytest.mark.parametrize("page", ["slow", "drip"])
def test_server_that_is_slow_is_not_waited_for(port: int, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_READ_SECONDS", 1)
    monkeypatch.setattr(network, "_LINK_SECONDS", 2)
    started = time.monotonic()
    assert ask(f"http://shop.example:{port}/{page}").state != LinkState.OK
    assert time.monotonic() - started < 6


def test_circle_of_redirects_ends(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Shop, "page", lambda self: (302, {"Location": "/loop"}))
    assert ask(f"http://shop.example:{port}/loop").state == LinkState.DEAD
    assert len(Shop.asked) == 6


@pytest.fixture
def safe_port() -> Iterator[tuple[int, list[str]]]:
    """The same server with TLS, whose certificate nobody trusts, and the names that clients asked for."""
    server, names = Quiet(("127.0.0.1", 0), Shop), []
    Shop.asked = []
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(CERTIFICATE)
    tls.sni_callback = lambda _sock, name, _context: names.append(name)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server.server_address[1], names
    server.shutdown()
    server.server_close()


def test_certificate_that_is_not_valid_is_dead(safe_port: tuple[int, list[str]]) -> None:
    port, names = safe_port
    result = ask(f"https://shop.example:{port}/")
    assert result.state == LinkState.DEAD
    assert "certificate" in result.detail
    assert names == ["shop.example"], "asked for by its name, though the connection went to an address"
    assert Shop.asked == []


def test_certificate_is_compared_with_the_name(
    safe_port: tuple[int, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, _names = safe_port
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(CERTIFICATE))
    assert ask(f"https://shop.example:{port}/").state == LinkState.OK
    guard = Guard(resolve=lambda host, _port: ["127.0.0.1"], is_allowed=is_ours, ports=None)
    assert check_link(f"https://other.example:{port}/", guard=guard).state == LinkState.DEAD


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.8.8.8/",
        "http://0.0.0.0/",
        "http://10.0.0.5/",
        "http://172.16.3.4/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://240.0.0.1/",
        "http://255.255.255.255/",
        "http://[::1]/",
        "http://[::]/",
        "http://[fe80::1]/",
        "http://[fc00::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[2001:0:7f00:1::]/",
        "http://inside.example/",
        "http://mixed.example/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://127.1/",
        "http://localhost/",
    ],
)
def test_addresses_that_are_not_public_are_refused(url: str) -> None:
    def resolve(host: str, port: int) -> list[str]:
        # What the system makes of odd spellings is the system's business; names of the tests are ours.
        return at_home(host, port) if host.endswith(".example") else network.resolve_host(host, port)

    with pytest.raises(Refused):
        Guard(resolve=resolve).address_of(url)
    assert check_link(url, guard=Guard(resolve=resolve)).state == LinkState.REFUSED


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://shop.example/",
        "file:///etc/passwd",
        "gopher://shop.example/",
        "http:///x",
        "http://user:secret@shop.example/",
        "http://shop.example:22/",
        "http://shop.example:99999/",
        "http://[broken/",
        "javascript:alert(1)",
        "",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    result = check_link(url, guard=Guard(resolve=lambda host, port: ["93.184.216.34"]))
    assert result.state == LinkState.REFUSED
    assert result.detail


@pytest.mark.parametrize("target", ["http://10.0.0.5/", "http://inside.example/", "file:///etc/passwd", "//[::1]/"])
def test_redirect_into_a_private_network_is_not_followed(port: int, target: str) -> None:
    result = ask(f"http://shop.example:{port}/to={target}")
    assert result.state == LinkState.REFUSED
    assert "redirects" in result.detail
    assert len(Shop.asked) == 1


def test_name_that_changes_its_address_gains_nothing(port: int) -> None:
    """DNS rebinding: the second answer would lead inside."""
    answers = iter([["127.0.0.1"], ["10.0.0.5"]])
    guard = Guard(resolve=lambda host, _port: next(answers), is_allowed=is_ours, ports=None)
    result = check_link(f"http://rebind.example:{port}/tea", guard=guard)
    assert result.state == LinkState.OK
    assert Shop.asked == [("HEAD", "/tea", f"rebind.example:{port}")]


def test_proxies_of_the_environment_are_not_used(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert ask(f"http://shop.example:{port}/").state == LinkState.OK


def test_links_are_asked_once_in_their_order(port: int) -> None:
    base = f"http://shop.example:{port}"
    results = check_links([f"{base}/404", f"{base}/tea", f"{base}/404"], guard=GUARD)
    assert [(result.url, result.state) for result in results] == [
        (f"{base}/404", LinkState.DEAD),
        (f"{base}/tea", LinkState.OK),
    ]
    assert sum(path == "/tea" for _verb, path, _host in Shop.asked) == 1


def test_no_more_links_than_the_limit_are_asked(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "MAX_LINKS", 2)
    many = check_links([f"http://shop.example:{port}/a{number}" for number in range(4)], guard=GUARD)
    assert [result.state for result in many] == [LinkState.OK, LinkState.OK, LinkState.REFUSED, LinkState.REFUSED]


def test_all_together_are_not_waited_for_longer_than_the_limit(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_ALL_SECONDS", 0.5)
    started = time.monotonic()
    (result,) = check_links([f"http://shop.example:{port}/slow"], guard=GUARD)
    assert result.state == LinkState.UNSURE
    assert time.monotonic() - started < 2
