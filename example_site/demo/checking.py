"""The main job, done once from outside: schedule, wait for the worker, read the mails, click, buy, leave, count."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from urllib.parse import urljoin, urlsplit

import requests
from bs4 import BeautifulSoup
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from example_site.demo.processes import Supervisor
from example_site.demo.seed.mailing import CAMPAIGN
from example_site.demo.seed.translations import LANGUAGES
from example_site.inbox.store import MailSummary, header, local_inbox, parse
from example_site.shop.services import SOURCE
from wagtail_precise_mail.campaigns.landing.figures import landing_report
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.services import schedule
from wagtail_precise_mail.campaigns.tasks import pump
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery.queries import progress
from wagtail_precise_mail.delivery.tasks import deliver_send
from wagtail_precise_mail.segments.queries import members
from wagtail_precise_mail.tracking.queries import figures

# django-q2 looks at its schedule every 30 seconds; the rest is for slow machines.
_PATIENCE_SECONDS = 150
_LANDING_BUTTON = "Get a tasting packet"
_LANDING_BUTTONS = [_LANDING_BUTTON, *(words[_LANDING_BUTTON] for words in LANGUAGES.values())]
_BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


@dataclass(frozen=True)
class Received:
    """A mail in the inbox."""

    summary: MailSummary
    message: EmailMessage

    def part(self, kind: str) -> str:
        """Return the text of a part, "" when there is none."""
        found = self.message.get_body((kind,))
        return found.get_content() if isinstance(found, EmailMessage) else ""

    @property
    def soup(self) -> BeautifulSoup:
        """The HTML part, parsed."""
        return BeautifulSoup(self.part("html"), "html.parser")

    @property
    def unsubscribe_url(self) -> str:
        """What stands in List-Unsubscribe."""
        match = re.search(r"<(https?://[^>]+)>", header_text(self.message, "List-Unsubscribe"))
        return match[1] if match else ""


def header_text(message: EmailMessage, name: str) -> str:
    """Return a header however long it is."""
    return str(message.get(name, ""))


@dataclass
class Check:
    """Checks the demo while it runs, and says what it sees line by line.

    Args:
        say: told each line.
        supervisor: the running processes.
    """

    say: Callable[[str], object]
    supervisor: Supervisor
    failures: list[str] = field(default_factory=list)

    def run(self) -> bool:
        """Do everything; return whether all of it was right."""
        started = time.monotonic()
        self.base = f"http://localhost:{settings.PORT}"
        self.store = local_inbox()
        self.campaign = Campaign.objects.get(name=CAMPAIGN)
        self._read_the_site()
        expected = self._expected_addresses()
        self._send()
        mails = self._read_the_inbox(expected)
        if len(mails) > 1:
            self._check_headers(mails)
            self._check_bodies(mails)
            buyer, leaver = mails[0], mails[1]
            self._open(buyer)
            self._click_and_buy(buyer)
            self._visit_landing_page(buyer)
            self._leave(leaver)
            self._check_figures()
            self._visit_admin(buyer)
            self._check_nothing_twice(len(mails))
        seconds = round(time.monotonic() - started)
        verdict = f"{len(self.failures)} wrong" if self.failures else "all as it should be"
        self.say(f"\n{verdict.capitalize()}, after {seconds} seconds.")
        return not self.failures

    def _see(self, what: str, holds: bool, seen: object = "") -> bool:
        text = f"{what}{': ' if str(seen) else ''}{seen}"
        self.say(f"  {'ok   ' if holds else 'WRONG'} {text}")
        if not holds:
            self.failures.append(text)
        return holds

    def _get(self, url: str, **kwargs: object) -> requests.Response:
        return requests.get(url, headers=_BROWSER, timeout=30, **kwargs)  # type: ignore[arg-type]

    def _read_the_site(self) -> None:
        self.say("\nThe site")
        for path in ("/", "/shop/", "/shop/tea-assam/", "/magazine/", "/magazine/a-proper-pot-of-tea/", "/inbox/"):
            self._see(f"GET {path}", self._get(self.base + path).status_code == 200)

    def _expected_addresses(self) -> set[str]:
        contacts = members(self.campaign.segment)
        sendable = contacts.with_consent(self.campaign.topic_id).not_suppressed()
        addresses = set(sendable.values_list("email", flat=True))
        self.say("\nThe audience")
        seen = f"{contacts.count()} members, {len(addresses)} of them may be written to"
        self._see(self.campaign.segment.name, 0 < len(addresses) < contacts.count(), seen)
        return addresses

    def _send(self) -> None:
        self.say("\nThe campaign")
        by = get_user_model().objects.get(username="sender")
        now = timezone.now()
        schedule(self.campaign, scheduled_at=now + timedelta(seconds=3), by=by, at=now)
        self._see(
            "scheduled", self.campaign.state == Campaign.State.SCHEDULED, f"{self.campaign.scheduled_at:%H:%M:%S}"
        )
        last, deadline = "", time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline and self.campaign.state not in (Campaign.State.SENT, Campaign.State.PAUSED):
            self.supervisor.check()
            time.sleep(0.5)
            self.campaign.refresh_from_db()
            if self.campaign.state != last:
                last = self.campaign.state
                self.say(f"        {timezone.now():%H:%M:%S} {self.campaign.get_state_display()}")
        seen = self.campaign.pause_reason or f"by the worker, at {timezone.now():%H:%M:%S}"
        self._see("sent", self.campaign.state == Campaign.State.SENT, seen)

    def _read_the_inbox(self, expected: set[str]) -> list[Received]:
        self.say("\nThe inbox")
        mails = [Received(summary, parse(raw)) for summary, raw in self.store.all()]
        addresses = [mail.summary.envelope_to for mail in mails]
        self._see("mails", len(mails) == len(expected), f"{len(mails)} of {len(expected)}")
        self._see("nobody got two", len(set(addresses)) == len(addresses))
        self._see("those who may be written to, nobody else", set(addresses) == expected)
        if self.campaign.send:
            seen = progress(self.campaign.send)
            same = seen.accepted_count == len(mails) and seen.total == seen.accepted_count + sum(seen.skipped.values())
            skipped = ", ".join(f"{reason} {count}" for reason, count in seen.skipped.items())
            self._see("progress", same, f"{seen.accepted_count} accepted, skipped: {skipped}")
        return mails

    def _check_headers(self, mails: list[Received]) -> None:
        self.say("\nHeaders")
        ids = {header_text(mail.message, "Message-ID").strip() for mail in mails}
        self._see("Message-ID, each its own", len(ids) == len(mails), sorted(ids)[0])
        one_click = [header_text(mail.message, "List-Unsubscribe-Post") for mail in mails]
        self._see("List-Unsubscribe-Post", set(one_click) == {"List-Unsubscribe=One-Click"}, one_click[0])
        links = {mail.unsubscribe_url for mail in mails}
        self._see("List-Unsubscribe, each its own", "" not in links and len(links) == len(mails))
        kinds = {mail.message.get_content_type() for mail in mails}
        self._see("Content-Type", kinds == {"multipart/alternative"}, ", ".join(kinds))
        named = [mail for mail in mails if self._first_name(mail) in header(mail.message, "Subject")]
        self._see("Subject by name", len(named) == len(mails), header(mails[0].message, "Subject"))
        self._see("From", bool(header(mails[0].message, "From")), header(mails[0].message, "From"))

    def _first_name(self, mail: Received) -> str:
        if not hasattr(self, "_names"):
            self._names = dict(Contact.objects.values_list("email", "first_name"))
        return self._names[mail.summary.envelope_to]

    def _check_bodies(self, mails: list[Received]) -> None:
        self.say("\nBodies")
        html, text = mails[0].part("html"), mails[0].part("plain")
        self._see("HTML", "<mj-" not in html and "{{" not in html, f"{len(html.encode()):,} bytes")
        self._see("plain text", "{{" not in text and len(text) > 300, f"{len(text.splitlines())} lines")
        soup = mails[0].soup
        targets = [tag.get("href") or tag.get("src") for tag in soup.find_all(["a", "img"])]
        absolute = [str(url).startswith(("http://", "https://", "mailto:")) for url in targets]
        self._see("every link and picture absolute", all(absolute), f"{len(targets)} of them")
        pictures = {str(tag["src"]) for tag in soup.find_all("img") if "/mail/o/" not in str(tag["src"])}
        broken = [url for url in pictures if self._get(url).status_code != 200]
        self._see("every picture loads", not broken, broken[0] if broken else f"{len(pictures)} of them")

    def _open(self, mail: Received) -> None:
        self.say(f"\n{mail.summary.envelope_to} opens, clicks and buys")
        pixel = next((str(tag["src"]) for tag in mail.soup.find_all("img") if "/mail/o/" in str(tag["src"])), "")
        response = self._get(pixel) if pixel else None
        is_gif = response is not None and response.status_code == 200 and response.content[:3] == b"GIF"
        self._see("pixel", is_gif, urlsplit(pixel).path[:40])

    def _click_and_buy(self, mail: Received) -> None:
        links = [str(tag["href"]) for tag in mail.soup.find_all("a", href=True) if "/mail/c/" in str(tag["href"])]
        damaged = self._get(links[0][:-3] + ("AAA" if links[0][-3:] != "AAA" else "BBB"))
        self._see("a damaged link", damaged.status_code == 400, damaged.status_code)
        # HEAD is what scanners send; it finds the product for us and counts as nothing.
        for link in links:
            target = requests.head(link, headers=_BROWSER, timeout=30, allow_redirects=False).headers.get(
                "Location", ""
            )
            if re.search(r"/shop/[a-z0-9-]+/$", target):
                break
        else:
            self._see("a link to a product", False, f"none among {len(links)}")
            return
        visitor = requests.Session()
        visitor.headers.update(_BROWSER)
        page = visitor.get(link, timeout=30)
        self._see("tracked link", page.status_code == 200 and page.url == target, f"ends at {urlsplit(page.url).path}")
        self._buy(visitor, page, mail.summary.envelope_to)

    def _buy(self, visitor: requests.Session, page: requests.Response, address: str) -> None:
        form = BeautifulSoup(page.text, "html.parser").select_one("form.buy")
        if not self._see("can be bought", form is not None):
            return
        put = self._post(visitor, urljoin(page.url, str(form["action"])), {"quantity": "2"})  # type: ignore[index]
        self._see("in the basket", put.status_code == 200 and put.url.endswith("/shop/basket/"))
        checkout = visitor.get(f"{self.base}/shop/checkout/", timeout=30)
        number = str(BeautifulSoup(checkout.text, "html.parser").select_one("input[name=number]")["value"])  # type: ignore[index]
        buyer = {"first_name": "Some", "last_name": "Body", "email": address, "country": "GB", "number": number}
        answers = [self._post(visitor, f"{self.base}/shop/checkout/", buyer) for _twice in range(2)]
        self._see("thank you, twice", all("/shop/thanks/" in answer.url and answer.ok for answer in answers))
        orders = Order.objects.filter(source=SOURCE, is_historical=False)
        self.order = orders.first()
        same = orders.count() == 1 and self.order is not None and self.order.number == number
        self._see("one live order", same, f"{number}, {self.order.total:.2f} GBP" if self.order else "none")

    def _visit_landing_page(self, mail: Received) -> None:
        link = next((str(tag["href"]) for tag in mail.soup.find_all("a", href=True, string=_LANDING_BUTTONS)), "")
        if not self._see("a link to the landing page", bool(link)):
            return
        visitor = requests.Session()
        visitor.headers.update(_BROWSER)
        page = visitor.get(link, timeout=30)
        is_clean = page.status_code == 200 and urlsplit(page.url).query == ""
        self._see("landing page at a clean address", is_clean, urlsplit(page.url).path)
        name = Contact.objects.with_address(mail.summary.envelope_to).get().first_name
        self._see("greets them by name", f"Dear {name or 'friend'}," in page.text)
        self._see("and nobody else", "Dear friend," in self._get(page.url).text)
        button = BeautifulSoup(page.text, "html.parser").select_one("button[name=goal]")
        if self._see("has its goal button", button is not None):
            on = self._post(visitor, page.url, {"goal": str(button["value"])})  # type: ignore[index]
            self._see("leads on", on.status_code == 200 and on.url.endswith("/shop/category/tea/"))

    def _post(self, visitor: requests.Session, url: str, data: dict[str, str]) -> requests.Response:
        token = visitor.cookies.get("csrftoken", "")
        return visitor.post(url, data={**data, "csrfmiddlewaretoken": token}, headers={"Referer": url}, timeout=30)

    def _leave(self, mail: Received) -> None:
        self.say(f"\n{mail.summary.envelope_to} leaves")
        person = Contact.objects.with_address(mail.summary.envelope_to)
        asked = self._get(mail.unsubscribe_url)
        self._see("GET asks", asked.status_code == 200 and "<form" in asked.text)
        self._see("and changes nothing", person.not_suppressed().with_consent(self.campaign.topic_id).exists())
        # As mail programs do it: no cookies, no referrer, no CSRF token.
        done = requests.post(mail.unsubscribe_url, data={"List-Unsubscribe": "One-Click"}, timeout=30)
        self._see("POST of one click", done.status_code == 200, done.status_code)
        self._see("unsubscribed", not person.not_suppressed().exists())

    def _check_figures(self) -> None:
        self.say("\nThe figures")
        assert self.campaign.send_id
        # Opens and clicks are counted in the background, within a minute.
        until = time.monotonic() + 60
        while (seen := figures(self.campaign.send_id)).total_clicks < 2 and time.monotonic() < until:
            time.sleep(1)
        self._see("opens", seen.open_count == 1, seen.open_count)
        self._see("clicks", seen.click_count == 1 and seen.total_clicks == 2, seen.total_clicks)
        came = landing_report(self.campaign)
        self._see("landing page", came.visitors == came.reached.count == 1, came.sentence)
        self._see("unsubscribed", seen.unsubscribe_count == 1, seen.unsubscribe_count)
        self._see("conversions", seen.conversion_count == 1, seen.conversion_count)
        revenue = {currency: f"{value:.2f}" for currency, value in seen.revenue.items()}
        total = {"GBP": f"{self.order.total:.2f}"} if getattr(self, "order", None) else {}
        self._see("revenue", revenue == total, revenue)

    def _visit_admin(self, mail: Received) -> None:
        self.say("\nThe admin, as the sender")
        client = Client(HTTP_HOST=f"localhost:{settings.PORT}")
        client.force_login(get_user_model().objects.get(username="sender"))
        contact = Contact.objects.with_address(mail.summary.envelope_to).get()
        pages = {
            "campaigns": reverse("precise-mail-campaigns:index"),
            "the campaign": reverse("precise-mail-campaigns:inspect", args=[self.campaign.pk]),
            "contacts": reverse("precise-mail-contacts:index"),
            "the contact": reverse("precise-mail-contacts:inspect", args=[contact.pk]),
            "the email": reverse(
                self.campaign.email.snippet_viewset.get_url_name("edit"), args=[self.campaign.email_id]
            ),
            "the segment": reverse(
                self.campaign.segment.snippet_viewset.get_url_name("edit"), args=[self.campaign.segment_id]
            ),
        }
        for name, url in pages.items():
            self._see(name, client.get(url).status_code == 200, url)

    def _check_nothing_twice(self, count: int) -> None:
        self.say("\nOnce more")
        # A task that runs twice finds nothing to do: the truth is in the outbox.
        deliver_send(self.campaign.send_id)
        pump()
        time.sleep(2)
        self._see("the same tasks again send nothing", self.store.count() == count, f"{self.store.count()} mails")
