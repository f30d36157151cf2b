"""Pages to read received mails in. Mails are hostile until proven otherwise: their HTML runs in a sandbox only."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from functools import wraps

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from example_site.inbox.store import InboxStore, MailSummary, header, local_inbox, parse

PER_PAGE = 50
# No scripts, no forms, no frames, no origin of our own; links open in a new tab, pictures load as in any inbox.
_SANDBOX = "sandbox allow-popups allow-popups-to-escape-sandbox"
_POLICY = (
    f"{_SANDBOX}; default-src 'none'; img-src http: https: data:; font-src http: https:; "
    "style-src 'unsafe-inline' http: https:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_VIEWS = [("html", "HTML"), ("phone", "On a phone"), ("text", "Plain text"), ("headers", "Headers")]
_View = Callable[..., HttpResponse]


def _only_if_open(view: _View) -> _View:
    """Hide the inbox from a real site: it shows everybody's mail to everybody."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not settings.INBOX_IS_OPEN:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@never_cache
@_only_if_open
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The newest mails."""
    store, words = local_inbox(), request.GET.get("q", "").strip()[:200]
    paginator = Paginator(_Lazy(store, words), PER_PAGE)
    return render(request, "inbox/index.html", {"mails": paginator.get_page(request.GET.get("page")), "words": words})


@never_cache
@_only_if_open
@require_safe
def mail(request: HttpRequest, mail_id: int) -> HttpResponse:
    """One mail: as HTML on a desktop and a phone, as text, or its headers."""
    summary, raw = _get(mail_id)
    message = parse(raw)
    views = _VIEWS if _body(message, "html") is not None else _VIEWS[2:]
    asked = request.GET.get("view")
    context = {
        "mail": summary,
        "views": views,
        "view": asked if asked in dict(views) else views[0][0],
        "headers": [(name, " ".join(str(value).split())) for name, value in message.raw_items()],
        "text": _body(message, "plain"),
        "sandbox": _SANDBOX.removeprefix("sandbox "),
        "unsubscribe": header(message, "List-Unsubscribe"),
    }
    return render(request, "inbox/mail.html", context)


@never_cache
@_only_if_open
@xframe_options_sameorigin
@require_safe
def html(request: HttpRequest, mail_id: int) -> HttpResponse:
    """The HTML part, for the frame."""
    body = _body(parse(_get(mail_id)[1]), "html")
    if body is None:
        raise Http404
    response = HttpResponse(_open_links_in_new_tabs(body))
    response["Content-Security-Policy"] = _POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Referrer-Policy"] = "no-referrer"
    return response


@never_cache
@_only_if_open
@require_safe
def source(request: HttpRequest, mail_id: int) -> HttpResponse:
    """The mail as it came over the wire."""
    response = HttpResponse(_get(mail_id)[1], content_type="text/plain; charset=utf-8")
    response["Content-Security-Policy"] = _POLICY
    response["X-Content-Type-Options"] = "nosniff"
    return response


@_only_if_open
@require_POST
def clear(request: HttpRequest) -> HttpResponse:
    """Throw all mails away."""
    local_inbox().clear()
    return redirect("inbox:index")


class _Lazy:
    """Mails as a sequence that a paginator can cut without loading all."""

    def __init__(self, store: InboxStore, words: str) -> None:
        self._store, self._words = store, words

    def __len__(self) -> int:
        return self._store.count(self._words)

    def __getitem__(self, item: slice) -> list[MailSummary]:
        start = item.start or 0
        return self._store.page(offset=start, limit=(item.stop or start) - start, words=self._words)


def _get(mail_id: int) -> tuple[MailSummary, bytes]:
    try:
        return local_inbox().get(mail_id)
    except KeyError:
        raise Http404 from None


def _body(message: EmailMessage, kind: str) -> str | None:
    """The first part of a kind, decoded as well as possible."""
    for part in message.walk():
        if part.get_content_type() == f"text/{kind}" and not part.is_attachment():
            payload = part.get_payload(decode=True) or b""
            charset = part.get_content_charset("utf-8")
            try:
                return payload.decode(charset, errors="replace")
            except LookupError:  # a charset that does not exist
                return payload.decode("utf-8", errors="replace")
    return None


def _open_links_in_new_tabs(body: str) -> str:
    # It has no href, so the policy's base-uri, which disarms a mail's own <base>, does not concern it.
    base = '<base target="_blank">'
    start = body.lower().find("<head>")
    return body[: start + 6] + base + body[start + 6 :] if start >= 0 else base + body
