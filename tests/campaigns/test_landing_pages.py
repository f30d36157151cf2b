"""Landing pages: what the one who clicked sees, what everybody else sees, and that looking changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.emails.lists import read as read_mail
from tests.factories.campaigns import make_campaign
from tests.factories.commerce import make_order, make_product
from tests.factories.contacts import make_contact, make_list
from tests.factories.emails import default_site, make_brand, make_email, make_image, make_saved_block, raw_block
from tests.factories.landing import BROWSER, client_of, goal_block, make_landing_page, make_visit, send_mail
from tests.factories.segments import make_segment
from wagtail_precise_mail.campaigns.landing.models import LandingPage
from wagtail_precise_mail.commerce.coupons import add_codes, free_count
from wagtail_precise_mail.commerce.models import CouponPool
from wagtail_precise_mail.contacts.models import ContactList
from wagtail_precise_mail.delivery.models import MessageContent, OutboxMessage
from wagtail_precise_mail.emails.mjml import compiled as mjml_compiled
from wagtail_precise_mail.segments.models import Segment

pytestmark = pytest.mark.django_db

GREETING = raw_block("rich_text", content='<p>Dear {{ contact.first_name | default: "friend" }}.</p>')


def text(response: Any) -> str:
    assert response.status_code == 200
    return " ".join(BeautifulSoup(response.content, "html.parser").get_text(" ").split())


def read(page: LandingPage, client: Client | None = None) -> str:
    return text((client or Client(headers=BROWSER)).get(page.url))


def list_segment(members: ContactList) -> Segment:
    return make_segment({"in_list": {"lists": [members.slug]}})


def variants(segment: Segment) -> dict[str, Any]:
    content = [raw_block("heading", title="For tea lovers", level="1")]
    variant = {"segments": [{"type": "item", "value": segment.pk, "id": "s"}], "content": content}
    default = [raw_block("heading", title="For everybody", level="1")]
    return raw_block("variants", variants=[{"type": "item", "value": variant, "id": "v"}], default=default)


class TestWhoeverCame:
    def test_reads_their_name_and_strangers_the_fallback(self) -> None:
        page = make_landing_page(GREETING)
        client, _message = make_visit(make_email())
        assert "Dear Ada." in read(page, client)
        assert "Dear friend." in read(page)

    def test_reads_the_variant_that_the_mail_showed(self) -> None:
        members = make_list()
        segment = list_segment(members)
        page = make_landing_page(variants(segment))
        ada = make_contact(first_name="Ada")
        members.contacts.add(ada)
        email = make_email(variants(segment))
        message = send_mail(make_campaign(email=email), email, ada)[0]
        members.contacts.clear()
        assert "For tea lovers" in read(page, client_of(message)), "as the mail was, whatever holds today"
        assert "For everybody" in read(page)
        MessageContent.objects.all().delete()
        assert "For everybody" in read(page, client_of(message)), "what the mail did not keep is looked up"

    def test_reads_parts_that_the_mail_did_not_have(self) -> None:
        members = make_list()
        page = make_landing_page(variants(list_segment(members)))
        client, message = make_visit(make_email())
        members.contacts.add(message.contact)
        assert "For tea lovers" in read(page, client)

    def test_is_a_stranger_once_tracking_is_off_or_they_are_gone(self) -> None:
        page = make_landing_page(GREETING)
        client, message = make_visit(make_email())
        message.contact.is_tracking_allowed = False
        message.contact.save()
        assert "Dear friend." in read(page, client)
        message.contact.delete()
        assert "Dear friend." in read(page, client)

    def test_sees_the_code_that_the_mail_took_and_strangers_none(self) -> None:
        pool = CouponPool.objects.create(name="Welcome")
        add_codes(pool, [(1, "TEA-1111"), (2, "TEA-2222")])
        coupon = raw_block("coupon", title="10% off", pool=pool.pk, empty_words="Ask us for a code.")
        page = make_landing_page(coupon)
        client, _message = make_visit(make_email(coupon))
        left = free_count(pool)
        assert "TEA-1111" in read(page, client)
        stranger = read(page)
        assert "TEA-" not in stranger
        assert "SAMPLE" not in stranger
        assert "Ask us for a code." in stranger
        without, _message = make_visit(make_email())
        assert "TEA-" not in read(page, without), "a mail that took none shows none"
        assert free_count(pool) == left == 1

    def test_sees_products_by_what_they_bought(self) -> None:
        products = raw_block("product_list", selection="buy_again", count=2, fallback="", layout="compact")
        tea = make_product(name="Assam", image_url="https://cdn.example.com/a.jpg", is_replenishable=True)
        page = make_landing_page(products)
        client, message = make_visit(make_email())
        make_order(message.contact, [(tea, 1, 8)])
        assert "Assam" in read(page, client)
        assert "Assam" not in read(page)


class TestForEverybody:
    def test_nothing_of_a_mail_is_on_it(self) -> None:
        make_brand(reason="You get this because you asked.")
        html = Client().get(make_landing_page().url).content.decode()
        assert "Unsubscribe" not in html
        assert "View in browser" not in html
        assert "You get this because" not in html
        assert "/mail/" not in html, "links are plain: no token of ours"
        assert "12 Moss Lane" in html, "the sender is"

    def test_blocks_for_mails_that_got_in_all_the_same_are_left_out(self) -> None:
        survey = {"type": "survey", "value": {"question": "Which tea?", "kind": "stars"}, "id": "tea"}
        saved = make_saved_block(survey, raw_block("order_summary", title="Your order"))
        page = make_landing_page(GREETING, raw_block("saved_block", saved_block=saved.pk))
        client, message = make_visit(make_email())
        make_order(message.contact, [("POT", 1, "20")])
        assert "Which tea?" not in read(page, client)
        assert "Your order" not in read(page, client)

    def test_title_and_robots_come_from_the_promote_fields(self) -> None:
        page = make_landing_page(seo_title="Tea & cake", search_description="A <quiet> morning")
        response = Client().get(page.url)
        soup = BeautifulSoup(response.content, "html.parser")
        assert soup.title
        assert soup.title.get_text() == "Tea & cake"
        assert soup.find("meta", attrs={"name": "robots"})["content"] == "noindex, nofollow"
        assert soup.find("meta", attrs={"name": "description"})["content"] == "A <quiet> morning"
        assert soup.find("link", rel="canonical")["href"] == page.full_url
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert page.get_sitemap_urls() == []

    def test_it_may_be_indexed(self) -> None:
        page = make_landing_page(is_indexable=True)
        response = Client().get(page.url)
        assert b"index, follow" in response.content
        assert "X-Robots-Tag" not in response
        assert len(page.get_sitemap_urls()) == 1

    def test_merge_tags_in_the_title_are_words(self) -> None:
        page = make_landing_page(GREETING, title="{{ contact.nothing }}")
        assert "{{ contact.nothing }}" in Client().get(page.url).content.decode()

    def test_it_is_not_among_the_newest_pages_of_mails(self) -> None:
        make_landing_page(GREETING)
        listed = read_mail(
            make_email(raw_block("page_list", selection="newest", count=5, layout="compact")), make_contact()
        )
        assert "Landing" not in listed.text


class TestHeaders:
    def test_no_cache_may_give_one_to_the_other(self) -> None:
        page = make_landing_page(GREETING)
        client, _message = make_visit(make_email())
        mine, theirs = client.get(page.url), Client().get(page.url)
        assert mine["Cache-Control"] == "private"
        assert "Cookie" in mine["Vary"]
        assert "Cookie" in theirs["Vary"]
        assert "Cache-Control" not in theirs

    def test_a_page_with_a_form_is_for_one_browser(self) -> None:
        response = Client().get(make_landing_page().url)
        assert response["Cache-Control"] == "private"

    def test_no_script_runs_and_no_other_site_frames_it(self) -> None:
        policy = Client().get(make_landing_page().url)["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'self'" in policy


class TestCost:
    def test_it_is_compiled_once_and_composed_once_a_minute(self) -> None:
        page, sizes = make_landing_page(), []
        mjml_compiled.connect(receiver := lambda size, **kwargs: sizes.append(size), weak=False)
        try:
            for _time in range(3):
                read(page)
            page.title = "Another"
            page.save_revision().publish()
            read(page)
        finally:
            mjml_compiled.disconnect(receiver)
        assert len(sizes) == 1, "a page whose body is the same is not compiled again"

    def test_published_changes_are_there_at_once(self) -> None:
        page = make_landing_page(GREETING)
        read(page)
        page.body = page.body.stream_block.to_python([raw_block("heading", title="Quite new", level="1")])
        page.save_revision().publish()
        assert "Quite new" in read(page)

    def test_looking_writes_nothing_and_costs_few_queries(self) -> None:
        parts = variants(list_segment(make_list()))
        page = make_landing_page(parts, GREETING, goal_block())
        client, _message = make_visit(make_email(parts))
        read(page, client)
        read(page)
        with CaptureQueriesContext(connection) as known:
            read(page, client)
        with CaptureQueriesContext(connection) as strangers:
            read(page)
        written = [one["sql"] for one in [*known, *strangers] if not one["sql"].startswith("SELECT")]
        assert written == []
        # Wagtail finds the page in six; then its site, and the segment.
        assert len(strangers) == 8, "\n".join(one["sql"][-200:] for one in strangers)
        # Who it is, what their mail said, and which segments it asked for; the page's own need not be read then.
        assert len(known) - len(strangers) == 2, [one["sql"][:100] for one in known]


class TestWhatIsGone:
    def test_a_block_whose_product_was_deleted_is_left_out(self, caplog: pytest.LogCaptureFixture) -> None:
        product = make_product(name="Assam", image=make_image())
        columns = [{"type": "item", "value": {"content": [raw_block("product", product=product.pk)]}, "id": "c"}]
        page = make_landing_page(
            GREETING, raw_block("columns", columns=columns), raw_block("product", product=product.pk)
        )
        assert "Assam" in read(page)
        product.delete()
        cache.clear()
        assert "Dear friend." in read(page)
        assert "is left out" in caplog.text

    def test_a_segment_that_was_deleted_takes_its_block_along(self) -> None:
        segment = list_segment(make_list())
        page = make_landing_page(GREETING, variants(segment))
        read(page)
        Segment.objects.filter(pk=segment.pk).delete()
        client, _message = make_visit(make_email())
        words = read(page, client)
        assert "Dear Ada." in words
        assert "For tea lovers" not in words

    def test_a_visitor_whose_message_is_gone_is_a_stranger(self) -> None:
        page = make_landing_page(GREETING)
        client, _message = make_visit(make_email())
        OutboxMessage.objects.all().delete()
        assert "Dear friend." in read(page, client)

    def test_brand_and_links_are_those_of_its_site(self) -> None:
        make_brand(company_name="Moss & Kettle")
        page = make_landing_page(raw_block("button", label="On", url="/shop/"))
        html = Client().get(page.url).content.decode()
        assert "Moss &amp; Kettle" in html
        assert 'href="https://shop.example.com/shop/"' in html
        assert page.landing_site == default_site()
