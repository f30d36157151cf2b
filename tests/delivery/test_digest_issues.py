"""Each issue in a digest: as its reader would have got it, with what holds now."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from email.header import decode_header, make_header
from email.message import Message

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from wagtail.models import Locale, Page

from tests.commerce.test_coupons import make_pool
from tests.factories.commerce import make_order, make_product
from tests.factories.contacts import make_contact, make_list, make_topic
from tests.factories.digests import make_digest_reader, make_issue, part, send_digests
from tests.factories.emails import compiled, default_site, make_brand, make_email, make_image, raw_block
from tests.factories.segments import make_segment
from tests.testapp.models import StoryPage
from tests.tracking.hits import count_now
from wagtail_precise_mail.contacts.erasing import erase
from wagtail_precise_mail.contacts.legal_settings import LegalSettings
from wagtail_precise_mail.contacts.merging import merge_contacts, undo_merge
from wagtail_precise_mail.contacts.models import Contact, Topic
from wagtail_precise_mail.contacts.wordings import TopicTranslation
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.composing import Composer
from wagtail_precise_mail.delivery.digests.gathering import send_due_digests
from wagtail_precise_mail.delivery.digests.models import DigestIssue
from wagtail_precise_mail.delivery.digests.queries import kept_of
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.timeline import MailTimeline
from wagtail_precise_mail.delivery.tokens import Purpose, make_message_token
from wagtail_precise_mail.delivery.webversion import own_page, shared_page
from wagtail_precise_mail.emails.models import CompiledEmail
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.services import record_click, record_scan

State = OutboxMessage.State
FIRST = datetime(2026, 2, 5, 10, tzinfo=UTC)
MARCH = datetime(2026, 3, 1, 9, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def untracked(settings: Settings) -> None:
    """Links stand in the mails as they are."""
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "is_tracking_enabled": False}


@pytest.fixture
def topic() -> Topic:
    return make_topic(name="Newsletter")


def subject_of(mail: Message) -> str:
    return str(make_header(decode_header(mail["Subject"])))


def links(mail: Message) -> list[str]:
    """The paths of the web versions of issues, in their order; the last one of a digest is its own."""
    found = re.findall(r"https://shop\.example\.com(\S*/w/[^\s\"<]+)", part(mail))
    return list(dict.fromkeys(found))


def read(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


class TestWebVersion:
    def test_the_link_leads_to_the_issue_as_this_reader_would_have_got_it(self, topic: Topic, client: Client) -> None:
        gardener, other = make_digest_reader(topic, first_name="Ada"), make_digest_reader(topic, first_name="Ben")
        make_list(gardener, slug="gardeners")
        segment = make_segment({"in_list": {"lists": ["gardeners"]}})
        audience = {"show": "only", "segments": [segment.pk]}
        email = make_email(
            raw_block("rich_text", content='<p>Dear {{ contact.first_name | default: "friend" }}</p>'),
            raw_block("rich_text", content="<p>For gardeners alone</p>", audience=audience),
            subject='For {{ contact.first_name | default: "you" }}',
        )
        make_issue(topic, "", at=FIRST, compiled=compiled(email))
        mails = {mail["To"]: mail for mail in send_digests(MARCH)}
        ada, ben = mails[gardener.email], mails[other.email]
        assert "For Ada" in part(ada)
        assert "For Ben" in part(ben)
        assert "Dear Ada" in read(client, links(ada)[0])
        assert "For gardeners alone" in read(client, links(ada)[0])
        assert "For gardeners alone" not in read(client, links(ben)[0])

    def test_what_was_kept_stays_though_the_reader_changes(self, topic: Topic, client: Client) -> None:
        reader = make_digest_reader(topic, first_name="Ada")
        email = make_email(raw_block("rich_text", content='<p>Dear {{ contact.first_name | default: "x" }}</p>'))
        make_issue(topic, "", at=FIRST, compiled=compiled(email))
        (mail,) = send_digests(MARCH)
        Contact.objects.filter(pk=reader.pk).update(first_name="Eve")
        assert "Dear Ada" in read(client, links(mail)[0])

    def test_a_code_of_a_pool_is_taken_once_and_stands_in_the_web_version(self, topic: Topic, client: Client) -> None:
        make_digest_reader(topic)
        pool = make_pool(2)
        email = make_email(raw_block("coupon", title="A present", code="", pool=pool.pk, terms="", empty_words=""))
        make_issue(topic, "", at=FIRST, compiled=compiled(email))
        (send,) = send_due_digests(MARCH)
        message = send.messages.get()
        Composer(Send.objects.get(pk=send.pk)).load([(message, message.contact)], at=timezone.now())
        services.deliver(send.pk)
        assert pool.codes.filter(message_id__isnull=False).count() == 1
        taken = pool.codes.get(message_id__isnull=False)
        issue = DigestIssue.objects.get()
        assert taken.message_id == issue.message_id
        assert taken.code in str(issue.message.content.data)

    def test_an_issue_that_cannot_be_shown_is_left_out_alone(self, topic: Topic) -> None:
        make_digest_reader(topic)
        segment = make_segment()
        audience = {"show": "only", "segments": [segment.pk]}
        email = make_email(raw_block("rich_text", content="<p>x</p>", audience=audience), subject="Broken")
        make_issue(topic, "", at=FIRST, compiled=compiled(email))
        make_issue(topic, "Whole", at=FIRST)
        segment.delete()
        (mail,) = send_digests(MARCH)
        assert "Whole" in part(mail)
        assert "Broken" not in part(mail)
        assert DigestIssue.objects.filter(left_out="broken").count() == 1

    def test_a_picture_of_the_issue_is_shown(self, topic: Topic) -> None:
        make_digest_reader(topic)
        picture = {"image": make_image("Fern").pk, "alt_text": "Fern", "decorative": False}
        make_brand(logo=make_image("Logo", name="logo.png"), logo_width=400)
        make_issue(topic, "", at=FIRST, compiled=compiled(make_email(raw_block("image", image=picture))))
        (mail,) = send_digests(MARCH)
        assert re.search(r'<img[^>]+src="https://shop\.example\.com/media/images/fern[^"]+jpg"', part(mail, "html"))

    def test_copies_for_others_show_no_issue(self, topic: Topic) -> None:
        make_digest_reader(topic)
        make_issue(topic, "Mine alone", at=FIRST)
        send_digests(MARCH)
        message = OutboxMessage.objects.select_related("send__compiled").get(send__origin_kind=Send.DIGEST)
        assert "Mine alone" in own_page(message).html
        assert "Mine alone" not in shared_page(message).html


class TestLanguages:
    @pytest.fixture(autouse=True)
    def german(self) -> None:
        Locale.objects.get_or_create(language_code="zh-hans")

    def test_each_reader_gets_their_own_language(self, topic: Topic) -> None:
        TopicTranslation.objects.create(topic=topic, language="zh-hans", name="通讯")
        english, chinese = make_digest_reader(topic, locale="en"), make_digest_reader(topic, locale="zh-hans")
        original = compiled(make_email(subject="News"))
        translated = CompiledEmail.objects.create(
            source_hash="zh", payload={**original.payload, "language": "zh-hans", "subject": ["新闻"]}, html_size=1
        )
        send = make_issue(topic, "", at=FIRST, compiled=original)
        for language, one in (("en", original), ("zh-hans", translated)):
            send.versions.create(language=language, compiled=one)
        mails = {mail["To"]: mail for mail in send_digests(MARCH)}
        assert "Newsletter" in subject_of(mails[english.email])
        assert "通讯" in subject_of(mails[chinese.email])
        assert "新闻" in part(mails[chinese.email])
        assert "News" in part(mails[english.email])
        languages = {issue.contact_id: issue.message.language for issue in DigestIssue.objects.all()}
        assert languages == {english.pk: "en", chinese.pk: "zh-hans"}

    def test_the_same_email_is_compiled_once(self, topic: Topic) -> None:
        make_digest_reader(topic)
        make_issue(topic, "News", at=FIRST)
        send_digests(MARCH)
        count = CompiledEmail.objects.count()
        make_issue(topic, "More", at=MARCH, compiled=CompiledEmail.objects.first())
        assert len(send_digests(datetime(2026, 4, 1, 9, tzinfo=UTC))) == 1
        assert CompiledEmail.objects.count() == count


class TestOwnEmail:
    def test_an_email_of_the_site_says_it_in_its_own_words(self, topic: Topic) -> None:
        email = make_email(
            raw_block("rich_text", content="<p>Hello, here is all of it.</p>"),
            raw_block("digest_issues", heading="", layout="compact", link_label="Go"),
            subject="{{ digest.count }} things you missed",
        )
        make_digest_reader(topic)
        make_issue(topic, "The fern", at=FIRST)
        make_issue(topic, "The tea", at=FIRST)
        make_brand(digest_email=email)
        (mail,) = send_digests(MARCH)
        assert subject_of(mail) == "2 things you missed"
        assert "Hello, here is all of it." in part(mail)
        assert "The fern" in part(mail)
        assert "The tea" in part(mail)

    def test_an_email_without_the_block_is_not_used(self, topic: Topic) -> None:
        make_digest_reader(topic)
        make_issue(topic, "The fern", at=FIRST)
        make_brand(digest_email=make_email(subject="No list in it"))
        (mail,) = send_digests(MARCH)
        assert subject_of(mail) == "Your month: 1 issue of Newsletter"


class TestClocks:
    def test_each_reader_gets_it_in_their_own_morning(self, topic: Topic) -> None:
        sydney = make_digest_reader(topic, time_zone="Australia/Sydney")
        new_york = make_digest_reader(topic, time_zone="", country="US")
        make_issue(topic, "News", at=FIRST)
        assert [mail["To"] for mail in send_digests(datetime(2026, 2, 28, 21, tzinfo=UTC))] == [sydney.email]
        assert send_digests(datetime(2026, 3, 1, 12, 59, tzinfo=UTC)) == []
        assert [mail["To"] for mail in send_digests(datetime(2026, 3, 1, 13, tzinfo=UTC))] == [new_york.email]

    def test_a_night_after_an_outage_waits_for_the_morning(self, topic: Topic) -> None:
        make_digest_reader(topic)
        make_issue(topic, "News", at=FIRST)
        assert send_digests(datetime(2026, 3, 1, 23, tzinfo=UTC)) == []
        assert len(send_digests(datetime(2026, 3, 2, 8, tzinfo=UTC))) == 1

    def test_quiet_hours_of_the_house_count(self, topic: Topic) -> None:
        make_digest_reader(topic)
        make_issue(topic, "News", at=FIRST)
        site = DigestIssue.objects.get().site
        LegalSettings.objects.create(site=site, quiet_from=time(8), quiet_until=time(10))
        assert send_digests(MARCH) == []
        assert len(send_digests(MARCH + timedelta(hours=1))) == 1

    def test_an_issue_of_the_new_month_waits_for_its_end(self, topic: Topic) -> None:
        make_digest_reader(topic)
        make_issue(topic, "January", at=datetime(2026, 1, 31, 23, 30, tzinfo=UTC))
        make_issue(topic, "February", at=datetime(2026, 2, 1, 0, 30, tzinfo=UTC))
        (first,) = send_digests(datetime(2026, 2, 1, 9, tzinfo=UTC))
        assert "January" in part(first)
        assert "February" not in "".join(re.findall(r"^\w+ \(", part(first), re.MULTILINE))
        assert DigestIssue.objects.filter(digest=None).count() == 1
        (second,) = send_digests(MARCH)
        assert subject_of(second) == "Your month: 1 issue of Newsletter"


class TestPeople:
    def test_erasure_takes_the_issues_and_stops_the_digest(self, topic: Topic) -> None:
        reader = make_digest_reader(topic)
        make_issue(topic, "News", at=FIRST)
        (send,) = send_due_digests(MARCH)
        erase(reader)
        services.deliver(send.pk)
        assert not DigestIssue.objects.exists()
        assert send.messages.get().skip_reason == "erased"

    def test_merged_readers_get_each_issue_once_and_undoing_gives_it_back(self, topic: Topic) -> None:
        keep, other = make_digest_reader(topic), make_digest_reader(topic)
        make_issue(topic, "Both", at=FIRST)
        Contact.objects.filter(pk=keep.pk).update(cadence="every")
        make_issue(topic, "One", at=FIRST + timedelta(days=1))
        merge = merge_contacts(keep, [other], by=None)
        keep.refresh_from_db()
        assert keep.cadence == "monthly"
        assert DigestIssue.objects.filter(contact=keep).count() == 2
        undo_merge(merge, by=None)
        assert list(DigestIssue.objects.order_by("pk").values_list("contact", flat=True)).count(other.pk) == 2
        assert DigestIssue.objects.filter(contact=keep).count() == 1

    def test_a_merged_reader_gets_one_digest(self, topic: Topic) -> None:
        keep, other = make_digest_reader(topic), make_digest_reader(topic)
        make_issue(topic, "Both", at=FIRST)
        merge_contacts(keep, [other], by=None)
        (mail,) = send_digests(MARCH)
        assert mail["To"] == keep.email
        assert subject_of(mail) == "Your month: 1 issue of Newsletter"


class TestShown:
    def test_the_timeline_tells_what_was_kept_and_what_was_in_the_digest(self, topic: Topic) -> None:
        reader = make_digest_reader(topic)
        for name in ("Fern issue", "Tea issue"):
            make_issue(topic, "", at=FIRST, compiled=compiled(make_email(name=name)))
        before = MailTimeline().entries(reader, limit=20)
        assert {entry.title for entry in before} == {
            "“Fern issue” was kept for their digest",
            "“Tea issue” was kept for their digest",
        }
        assert {entry.detail for entry in before} == {"Waits for their next digest."}
        send_digests(MARCH)
        with CaptureQueriesContext(connection) as captured:
            after = MailTimeline().entries(reader, limit=20)
        assert len(captured) == 2
        assert "Got the digest with: Tea issue, Fern issue" in {entry.title for entry in after}
        assert sum("Was in the digest of" in entry.detail for entry in after) == 2

    def test_the_figures_of_an_issue_add_up(self, topic: Topic) -> None:
        sent, waiting, left = (make_digest_reader(topic) for _number in range(3))
        make_contact(cadence="monthly")
        send = make_issue(topic, "News", at=FIRST)
        Contact.objects.filter(pk=waiting.pk).update(cadence="quarterly")
        left.consents.update(status="withdrawn")
        send_digests(MARCH)
        kept = kept_of(send)
        assert (kept.total, kept.waiting, kept.sent, kept.left_out, kept.under_way) == (3, 1, 1, 1, 0)
        assert sent.outbox_messages.filter(send__origin_kind=Send.DIGEST).get().state == State.ACCEPTED

    def test_a_click_in_a_digest_counts_for_it_and_is_known_at_the_issue(
        self, topic: Topic, client: Client, settings: Settings
    ) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "is_tracking_enabled": True}
        make_digest_reader(topic)
        first, second = make_issue(topic, "One", at=FIRST), make_issue(topic, "Two", at=FIRST + timedelta(days=1))
        (mail,) = send_digests(MARCH)
        path = re.search(r"Two.*?https://shop\.example\.com(\S+)", part(mail), re.DOTALL)
        assert path is not None
        client.get(path[1], headers={"User-Agent": "Mozilla/5.0"})
        count_now()
        event = MessageEvent.objects.get(kind="click")
        assert event.send.origin_kind == Send.DIGEST
        assert (kept_of(first).clicked, kept_of(second).clicked) == (0, 1)

    def test_a_click_that_proves_to_be_a_machines_is_taken_back_unless_a_person_followed_too(
        self, topic: Topic, settings: Settings
    ) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "is_tracking_enabled": True}
        make_digest_reader(topic)
        sends = [make_issue(topic, "One", at=FIRST), make_issue(topic, "Two", at=FIRST + timedelta(days=1))]
        send_digests(MARCH)
        issues = [DigestIssue.objects.get(send=send) for send in sends]
        digest = issues[0].digest_id or 0
        urls = [f"https://shop.example.com/{make_message_token(Purpose.OWN, issue.message_id)}/" for issue in issues]
        for index, url in enumerate(urls):
            record_click(digest, link_index=index, url=url, at=MARCH, user_agent="Firefox")
        record_click(digest, link_index=1, url=urls[1], at=MARCH + timedelta(hours=1), user_agent="Firefox")
        assert [kept_of(send).clicked for send in sends] == [1, 1]
        record_scan(digest, at=MARCH + timedelta(seconds=30))
        assert [kept_of(send).clicked for send in sends] == [0, 1]
        issues[1].refresh_from_db()
        assert issues[1].clicked_at == MARCH + timedelta(hours=1)

    def test_the_number_of_queries_does_not_grow_with_the_readers(self, topic: Topic) -> None:
        make_issue(topic, "Warm up", at=FIRST)

        def queries(count: int, month: int) -> int:
            readers = [make_digest_reader(topic) for _number in range(count)]
            at = datetime(2026, month, 5, 10, tzinfo=UTC)
            for number in range(4):
                make_issue(topic, f"Issue {number}", at=at + timedelta(days=number))
            (send,) = send_due_digests(datetime(2026, month + 1, 1, 9, tzinfo=UTC))
            addressed = [(message, message.contact) for message in send.messages.select_related("contact")]
            assert len(addressed) == count
            composer = Composer(Send.objects.get(pk=send.pk))
            with CaptureQueriesContext(connection) as captured:
                composer.load(addressed, at=timezone.now())
            Contact.objects.filter(pk__in=[reader.pk for reader in readers]).update(cadence="every")
            return len(captured)

        assert queries(2, 2) == queries(10, 4)


class TestLists:
    """What is chosen for each reader is chosen when the digest leaves."""

    def test_two_issues_of_newest_pages_do_not_show_the_same(self, topic: Topic) -> None:
        pages = [publish(f"Story {number}") for number in range(4)]
        make_digest_reader(topic)
        brief = compiled(make_email(raw_block("page_list", selection="newest", count=2, layout="above", columns="2")))
        for day in range(2):
            make_issue(topic, "", at=FIRST + timedelta(days=day), compiled=brief)
        send_digests(MARCH)
        first, second = (str(one.message.content.data) for one in DigestIssue.objects.order_by("pk"))
        shown = [[page.title in content for page in pages] for content in (first, second)]
        assert shown == [[True, True, False, False], [False, False, True, True]]

    def test_who_has_refused_profiling_since_gets_what_everybody_gets(self, topic: Topic) -> None:
        known = make_product(name="Known", url="/known/", image_url="https://cdn.example.com/k.jpg")
        liked = make_product(
            name="Liked", url="/liked/", image_url="https://cdn.example.com/l.jpg", is_replenishable=True
        )
        readers = [make_digest_reader(topic) for _number in range(2)]
        for number, reader in enumerate(readers):
            make_order(reader, [(liked, 1, 8)], timezone.now() - timedelta(days=90 + number))
        for _number in range(3):
            make_order(make_contact(), [(known, 1, 8)], timezone.now() - timedelta(days=3))
        listed = raw_block(
            "product_list",
            selection="buy_again",
            fallback="best_selling",
            count=1,
            layout="above",
            columns="2",
            days=30,
        )
        make_issue(topic, "", at=FIRST, compiled=compiled(make_email(listed)))
        Contact.objects.filter(pk=readers[1].pk).update(is_profiling_allowed=False)
        send_digests(MARCH)
        contents = {one.contact_id: str(one.message.content.data) for one in DigestIssue.objects.all()}
        assert "Liked" in contents[readers[0].pk]
        assert "Liked" not in contents[readers[1].pk]
        assert "Known" in contents[readers[1].pk]


def publish(title: str) -> StoryPage:
    page = default_site().root_page.add_child(instance=StoryPage(title=title, intro=f"About {title}."))
    Page.objects.filter(pk=page.pk).update(first_published_at=timezone.now())
    return page
