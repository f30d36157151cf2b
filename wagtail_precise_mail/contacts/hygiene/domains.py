"""Asking the domain name system whether a domain takes mail. Needs the extra ``hygiene``; off unless it is chosen."""

from __future__ import annotations

from functools import lru_cache

from wagtail_precise_mail.exceptions import ConfigurationError

_PATIENCE_SECONDS = 4


@lru_cache(65_536)
def resolve_mail_domain(domain: str) -> bool | None:
    """Return whether a domain has a mail server; None when the name system does not answer.

    Source: RFC 5321, 5.1 (without an MX record the address record counts) and RFC 7505 (a null MX takes none).
    """
    resolver, problems = _dns()
    name = domain.encode("idna").decode() if not domain.isascii() else domain
    try:
        answers = resolver.resolve(name, "MX", lifetime=_PATIENCE_SECONDS)
        return any(str(answer.exchange).rstrip(".") for answer in answers)
    except problems.NXDOMAIN:
        return False
    except problems.NoAnswer:
        return _has_address(resolver, problems, name)
    except (problems.NoNameservers, problems.LifetimeTimeout):
        return None


def _has_address(resolver: object, problems: object, name: str) -> bool | None:
    for kind in ("A", "AAAA"):
        try:
            resolver.resolve(name, kind, lifetime=_PATIENCE_SECONDS)  # type: ignore[attr-defined]
        except (problems.NXDOMAIN, problems.NoAnswer):  # type: ignore[attr-defined]
            continue
        except (problems.NoNameservers, problems.LifetimeTimeout):  # type: ignore[attr-defined]
            return None
        return True
    return False


def _dns():  # type: ignore[no-untyped-def]
    try:
        from dns import resolver  # an extra
    except ImportError as error:
        raise ConfigurationError("Looking up domains needs: pip install wagtail-precise-mail[hygiene]") from error
    return resolver, resolver
