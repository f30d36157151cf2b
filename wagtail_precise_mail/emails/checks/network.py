"""Following the links of an email, on demand, without becoming a tool against the servers behind our own firewall.

An editor decides what is asked for, so every address is resolved first, addresses that are not public are refused,
and the connection goes to the very address that was looked at: a name server that answers differently the second time
(DNS rebinding) gains nothing. Redirects are followed by hand, and each is looked at like the first address.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], list[str]]

MAX_LINKS = 40
"""Links of one email that are followed."""

_WORKERS = 8
_CONNECT_SECONDS = 4
_READ_SECONDS = 6
_LINK_SECONDS = 10
_ALL_SECONDS = 25
_MAX_REDIRECTS = 5
_PORTS = frozenset({80, 443, 8080, 8443})
_AGENT = "Mozilla/5.0 (compatible; wagtail-precise-mail link check)"
# Servers that do not know HEAD, or treat it worse than what readers send.
_HEAD_IS_WRONG = range(400, 600)
_GONE = (404, 410)
# It is there, and does not talk to us: a login, a robot filter, too many requests.
_SHY = (401, 403, 405, 406, 407, 429, 451, 999)
# Prefixes by which an IPv4 address travels inside of IPv6: NAT64, 6to4 and Teredo.
_TUNNELS = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))


class LinkState(models.TextChoices):
    """What became of a link."""

    OK = "ok", gettext_lazy("works")
    DEAD = "dead", gettext_lazy("dead")
    UNSURE = "unsure", gettext_lazy("not sure")
    REFUSED = "refused", gettext_lazy("not checked")


@dataclass(frozen=True)
class LinkResult:
    """What became of one address.

    Attributes:
        detail: why, in words.
        code: the status of the last answer, or None when there was none.
    """

    url: str
    state: str
    detail: str = ""
    code: int | None = None


class Refused(Exception):
    """An address that we do not ask; the message says why."""


@dataclass(frozen=True)
class Guard:
    """Which addresses may be asked. Tests put their own resolver and permission in.

    Attributes:
        resolve: returns the IP addresses of a host.
        is_allowed: whether a connection may go to an IP address.
        ports: those that may be asked; None allows all.
    """

    resolve: Resolver = field(default_factory=lambda: resolve_host)
    is_allowed: Callable[[Address], bool] = field(default_factory=lambda: is_public)
    ports: frozenset[int] | None = _PORTS

    def address_of(self, url: str) -> tuple[str, str, int, str]:
        """Return scheme, host and port of a URL, and the IP address to connect to.

        Raises:
            Refused: one of the addresses of the host is not public, or the URL is none that readers could follow.
            OSError: the host has no address.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
        except ValueError:
            raise Refused(_("This is not an address.")) from None
        if parts.scheme not in ("http", "https") or not host:
            raise Refused(_("Only web addresses are checked."))
        if parts.username or parts.password:
            raise Refused(_("It contains a password."))
        if self.ports is not None and port not in self.ports:
            raise Refused(_("Port %(port)s is not checked.") % {"port": port})
        addresses = self.resolve(host, port)
        if not addresses:
            raise OSError("no address")
        # All of them: which one a browser takes is its own business.
        if not all(self.is_allowed(ipaddress.ip_address(address)) for address in addresses):
            raise Refused(_("It leads into a private network."))
        return parts.scheme, host, port, addresses[0]


def check_links(urls: Iterable[str], *, guard: Guard | None = None) -> list[LinkResult]:
    """Ask every address once, several at a time, and say what became of each, in the order given.

    It takes half a minute at the most; what has not answered by then is not sure.
    """
    guard = guard or Guard()
    wanted = list(dict.fromkeys(urls))
    pool = ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="precise-mail-links")
    futures = {url: pool.submit(check_link, url, guard=guard) for url in wanted[:MAX_LINKS]}
    wait(futures.values(), timeout=_ALL_SECONDS)
    # Nobody waits for the others; each ends by its own deadline.
    pool.shutdown(wait=False, cancel_futures=True)
    too_many = _("Only the first %(count)s links are checked.") % {"count": MAX_LINKS}
    return [
        _result(url, futures[url]) if url in futures else LinkResult(url, LinkState.REFUSED, too_many) for url in wanted
    ]


def check_link(url: str, *, guard: Guard) -> LinkResult:
    """Ask one address, and follow its redirects."""
    target = url
    try:
        with _deadline() as opened:
            for _hop in range(_MAX_REDIRECTS + 1):
                code, location = _ask(target, guard, opened)
                if not location:
                    return _judge(url, code)
                target = urljoin(target, location)
        return LinkResult(url, LinkState.DEAD, _("It redirects in a circle."))
    except Refused as refusal:
        detail = str(refusal)
        if target != url:
            detail = _("It redirects to where we do not look: %(reason)s") % {"reason": detail}
        return LinkResult(url, LinkState.REFUSED, detail)
    except requests.exceptions.SSLError:
        return LinkResult(url, LinkState.DEAD, _("Its certificate is not valid: browsers warn of it."))
    except (requests.exceptions.Timeout, TimeoutError):
        return LinkResult(url, LinkState.UNSURE, _("No answer in time."))
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            return LinkResult(url, LinkState.UNSURE, _("The name server of this machine does not answer."))
        return LinkResult(url, LinkState.DEAD, _("There is no server of that name."))
    except (requests.exceptions.RequestException, OSError, UnicodeError):
        return LinkResult(url, LinkState.DEAD, _("No server answers there."))


def is_public(address: Address) -> bool:
    """Whether an IP address belongs to the public net: not loopback, private, link-local, reserved or multicast."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        # Whatever they carry, no public site is reached by them only.
        if any(address in network for network in _TUNNELS):
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def resolve_host(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host.

    Raises:
        OSError: it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # "fe80::1%eth0" names an interface besides.
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


def _ask(url: str, guard: Guard, opened: list[socket.socket]) -> tuple[int, str]:
    """Return the status of an address, and where it redirects to."""
    scheme, host, port, address = guard.address_of(url)
    with requests.Session() as session:
        # No proxy and no password from the environment of the server.
        session.trust_env = False
        session.mount(f"{scheme}://", _PinnedAdapter(host, port, address, opened))
        code, location = _request(session, "HEAD", url)
        if code in _HEAD_IS_WRONG:
            code, location = _request(session, "GET", url)
        return code, location


def _request(session: requests.Session, method: str, url: str) -> tuple[int, str]:
    answer = session.request(
        method,
        url,
        allow_redirects=False,
        stream=True,  # the body is not read, so that its size does not matter
        timeout=(_CONNECT_SECONDS, _READ_SECONDS),
        headers={"User-Agent": _AGENT, "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"},
    )
    with answer:
        return answer.status_code, answer.headers.get("Location", "") if answer.is_redirect else ""


class _PinnedAdapter(HTTPAdapter):
    """Connects to one IP address, and asks there for the host by its name: in TLS, and in the Host header."""

    def __init__(self, host: str, port: int, address: str, opened: list[socket.socket]) -> None:
        super().__init__(max_retries=0)
        self._host, self._port, self._address, self._opened = host, port, address, opened

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> HTTPConnectionPool:
        parameters, keys = self.build_connection_pool_key_attributes(request, verify, cert)
        tls: dict[str, Any] = dict(keys)
        if parameters["scheme"] == "https":
            tls |= {"server_hostname": self._host, "assert_hostname": self._host}
        pool = self.poolmanager.connection_from_host(
            self._address, self._port, scheme=parameters["scheme"], pool_kwargs=tls
        )
        pool.ConnectionCls = _recorded(pool.ConnectionCls, self._opened)
        return pool

    def add_headers(self, request: requests.PreparedRequest, **kwargs: Any) -> None:
        # urllib3 would write the IP address into it.
        request.headers["Host"] = urlsplit(request.url or "").netloc


def _recorded(connection_class: Any, opened: list[socket.socket]) -> Any:
    class Recorded(connection_class):
        """Keeps a second handle on its socket, by which the deadline can close what TLS has wrapped by then."""

        def _new_conn(self) -> socket.socket:
            sock: socket.socket = super()._new_conn()
            opened.append(sock.dup())
            return sock

    return Recorded if issubclass(connection_class, HTTPConnection) else connection_class


@contextmanager
def _deadline() -> Iterator[list[socket.socket]]:
    """Close the connections that are opened in the block when it takes too long: timeouts are per read only."""
    opened: list[socket.socket] = []
    timer = threading.Timer(_LINK_SECONDS, _shut, [opened])
    timer.daemon = True
    timer.start()
    try:
        yield opened
    finally:
        timer.cancel()
        for sock in opened:
            sock.close()


def _shut(opened: list[socket.socket]) -> None:
    for sock in list(opened):
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def _judge(url: str, code: int) -> LinkResult:
    if code < 400:
        return LinkResult(url, LinkState.OK, code=code)
    if code in _GONE:
        return LinkResult(url, LinkState.DEAD, _("There is no such page."), code)
    if code in _SHY:
        return LinkResult(url, LinkState.UNSURE, _("It wants a login, or talks to no robots."), code)
    return LinkResult(url, LinkState.DEAD, _("It answers with an error."), code)


def _result(url: str, future: Future[LinkResult]) -> LinkResult:
    if not future.done() or future.cancelled():
        return LinkResult(url, LinkState.UNSURE, _("No answer in time."))
    if future.exception():
        return LinkResult(url, LinkState.UNSURE, _("It could not be asked."))
    return future.result()
