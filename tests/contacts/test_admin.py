"""The admin of contacts: who sees what, what changes what, and how much it asks the database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.contacts.colleagues import client_with, is_refused
from tests.factories.commerce import make_order
from tests.factories.contacts import grant, make_contact, make_field, make_list, make_note, make_tag, make_topic
from tests.factories.tracking import make_event, make_message
from wagtail_precise_mail.contacts.admin.filters import in_state
from wagtail_precise_mail.contacts.models import Contact, ContactList, Suppression, Topic
from wagtail_precise_mail.contacts.services import subscribe, suppress, unsubscribe
from wagtail_precise_mail.tracking.models import MessageEvent

pytestmark = pytest.mark.django_db

CONTACTS, LISTS = "precise-mail-contacts", "precise-mail-lists"
TOPICS, SUPPRESSIONS = "precise-mail-topics", "precise-mail-suppressions"


@pytest.fixture
def boss(admin_user):
    client = Client()
    client.force_login(admin_user)
    return client


def page(client, url, **query):
    return client.get(url, query).content.decode()


class TestListing:
    URL = property(lambda self: reverse(f"{CONTACTS}:index"))

    def test_it_shows_addresses_names_and_whether_mail_may_go_there(self, boss):
        grant(make_contact(email="ann@example.com", first_name="Ann", last_name="Smith"), make_topic())
        unsubscribe(make_contact(email="bob@example.com"))
        html = page(boss, self.URL)
        assert all(text in html for text in ["ann@example.com", "Ann Smith", "reachable", "unsubscribed"])

    @pytest.mark.parametrize("query", ["ann", "smith", "Ann Smith", "smith ann", "ann@example"])
    @pytest.mark.usefixtures("in_clear")
    def test_search_finds_every_word_anywhere(self, boss, query):
        make_contact(email="ann@example.com", first_name="Ann", last_name="Smith")
        make_contact(email="bob@example.org", first_name="Bob", last_name="Smithers" if query == "ann" else "Jones")
        html = page(boss, self.URL, q=query)
        assert "ann@example.com" in html
        assert "bob@example.org" not in html

    def test_filters_narrow_it(self, boss):
        topic = make_topic()
        make_field("size")
        make_field("teas", kind="choices", choices="Green\nBlack")
        attributes = {"size": "Large", "teas": ["Black", "Green"]}
        ann = make_contact(email="ann@example.com", country="GB", attributes=attributes, source="Fair 2026")
        bob = make_contact(email="bob@example.com")
        grant(ann, topic)
        members = make_list(ann)
        suppress(bob.email, reason="complaint")
        for query in [
            {"country": "GB"},
            {"topic": topic.pk},
            {"lists": members.pk},
            {"state": "reachable"},
            {"tag": make_tag(ann).pk},
            {"field": "size", "value": "LARGE"},
            {"field": "teas", "value": "Green"},
            {"field": "size"},
            {"source": "Fair"},
        ]:
            html = page(boss, self.URL, **query)
            assert "ann@example.com" in html, query
            assert "bob@example.com" not in html, query
        for state in ["complaint", "suppressed"]:
            html = page(boss, self.URL, state=state)
            assert "bob@example.com" in html
            assert "ann@example.com" not in html

    def test_every_contact_is_in_one_state(self, boss):
        topic, now = make_topic(), timezone.now()
        states = {
            "reachable": make_contact(),
            "no_consent": make_contact(),
            "suppressed": make_contact(),
            "quarantine": make_contact(quarantined_at=now),
            "paused": make_contact(paused_until=now + timedelta(days=3)),
        }
        for contact in states.values():
            if contact != states["no_consent"]:
                grant(contact, topic)
        suppress(states["suppressed"].email, reason="manual")
        for state, contact in states.items():
            assert list(in_state(Contact.objects.all(), state)) == [contact]
            html = page(boss, self.URL, state=state)
            assert [one.email in html for one in states.values()].count(True) == 1
            assert contact.email in html

    @pytest.mark.usefixtures("in_clear")
    def test_search_and_filters_work_together(self, boss):
        make_contact(email="ann@example.com", country="GB")
        make_contact(email="ann@example.org", country="FR")
        html = page(boss, self.URL, q="ann", country="FR")
        assert "ann@example.org" in html
        assert "ann@example.com" not in html

    @pytest.mark.usefixtures("in_clear")
    def test_the_number_of_queries_does_not_grow(self, boss, django_assert_num_queries, django_assert_max_num_queries):
        for _ in range(3):
            grant(make_contact(country="GB"), Topic.objects.first() or make_topic())
        page(boss, self.URL)
        with django_assert_max_num_queries(15) as few:
            page(boss, self.URL)
        for _ in range(20):
            unsubscribe(make_contact(country="GB"))
        with django_assert_num_queries(len(few)):
            page(boss, self.URL)
        with django_assert_num_queries(len(few)):
            page(boss, self.URL, q="contact")


class TestExport:
    URL = property(lambda self: reverse(f"{CONTACTS}:index"))

    def test_it_needs_its_own_permission(self):
        make_contact()
        assert is_refused(client_with("view_contact").get(self.URL, {"export": "csv"}))
        assert is_refused(client_with("view_contact").get(self.URL, {"export": "xlsx"}))
        assert "export=csv" not in page(client_with("view_contact"), self.URL)

    def test_seeing_contacts_is_needed_besides(self):
        assert is_refused(client_with("export_contact").get(self.URL, {"export": "csv"}))

    def test_it_leaves_by_the_form_that_asks_what_for(self):
        client = client_with("view_contact", "view_contact_address", "export_contact")
        assert "export=csv" in page(client, self.URL)

        response = client.get(self.URL, {"export": "xlsx", "country": "GB"})

        assert response["Location"] == f"{reverse('precise-mail-exports:export')}?country=GB&format=xlsx"


class TestProfile:
    def url(self, contact, **query):
        return reverse(f"{CONTACTS}:inspect", args=[contact.pk], query=query or None)

    def test_it_shows_who_what_and_when(self, boss):
        contact = make_contact(email="ann@example.com", first_name="Ann", city="Leeds", attributes={"level": "gold"})
        grant(contact, make_topic(name="Newsletter"))
        make_topic(name="Offers")
        make_note(contact, subject="Broken cup")
        make_list(contact, name="Tasters")
        html = page(boss, self.url(contact))
        for text in ["ann@example.com", "Leeds", "gold", "Newsletter", "never asked", "Broken cup", "Tasters"]:
            assert text in html, text

    def test_the_kind_filter_leaves_the_rest_out(self, boss):
        contact = make_contact()
        grant(contact, make_topic(name="Newsletter"))
        make_note(contact, subject="Broken cup")
        html = page(boss, self.url(contact, kind="note"))
        assert "Broken cup" in html
        assert "Agreed to" not in html

    @pytest.mark.parametrize("query", [{"kind": "dreams"}, {"kind": "<script>"}])
    def test_an_unknown_kind_is_not_found(self, boss, query):
        assert boss.get(self.url(make_contact(), **query)).status_code == 404

    @pytest.mark.parametrize("limit", ["x", "-5", "²", "9" * 30, ""])
    def test_a_strange_limit_does_no_harm(self, boss, limit):
        assert boss.get(self.url(make_contact(), limit=limit)).status_code == 200

    def test_a_long_timeline_offers_more(self, boss):
        contact = make_contact()
        for number in range(60):
            make_note(contact, subject=f"Note {number}")
        assert "limit=100" in page(boss, self.url(contact))
        assert page(boss, self.url(contact, limit=100)).count("Note ") == 60

    def test_why_an_address_is_suppressed_is_said_in_words(self, boss):
        contact = make_contact()
        unsubscribe(contact, reason="too_many")
        html = page(boss, self.url(contact))
        assert "No mail goes there" in html
        assert ": unsubscribed (I get too many emails)" in html
        assert "I get too many emails" in html

    def test_what_people_write_is_escaped(self, boss):
        contact = make_contact(first_name="<script>alert(1)</script>", attributes={"x": "<img src=x>"})
        make_note(contact, subject="<b>bold</b>", body="<i>x</i>")
        html = page(boss, self.url(contact))
        assert not any(text in html for text in ["<script>alert", "<img src=x>", "<b>bold", "<i>x"])

    def test_the_number_of_queries_does_not_grow(self, boss, django_assert_num_queries, django_assert_max_num_queries):
        contact = make_contact()
        message = make_message(contact=contact)

        def live():
            make_event(message, "click", link_index=0, url="https://x.example")
            make_note(contact)
            grant(contact, make_topic())

        live()
        page(boss, self.url(contact))
        with django_assert_max_num_queries(28) as few:
            page(boss, self.url(contact))
        for _ in range(10):
            live()
        with django_assert_num_queries(len(few)):
            page(boss, self.url(contact))

    def test_five_thousand_events_are_no_more_work_for_the_database(self, boss, django_assert_max_num_queries):
        contact = make_contact()
        message = make_message(contact=contact)
        one = make_event(message, "click", link_index=0, url="https://x.example")
        facts = {"message": message, "send_id": one.send_id, "contact": contact, "happened_at": one.happened_at}
        MessageEvent.objects.bulk_create(
            [MessageEvent(**facts, kind="click", link_index=0, url=f"https://x.example/{n}") for n in range(5000)]
        )
        page(boss, self.url(contact))
        with django_assert_max_num_queries(28):
            html = page(boss, self.url(contact))
        assert "Show more" in html
        assert html.count("https://x.example/") == 49  # and the mail itself

    def test_it_costs_as_little_for_a_colleague_and_with_everything_on_it(self, django_assert_max_num_queries):
        contact = make_contact(country="GB")
        message = make_message(contact=contact)
        for kind in ("open", "click", "goal", "forward", "share"):
            make_event(message, kind)
        make_tag(contact)
        make_list(contact)
        make_note(contact)
        make_order(contact=contact, lines=[("KETTLE", 1, "20")])
        client = client_with("view_contact", "change_contact", "add_servicenote", "view_contact_address")
        page(client, self.url(contact))
        with django_assert_max_num_queries(31):  # five of them for what the colleague may do at all
            html = page(client, self.url(contact))
        for words in ("Opened “", "Clicked in “", "Reached the goal after “", "Passed on “"):
            assert words in html

    def test_whether_mail_may_go_there_is_said_with_every_reason(self, boss):
        until = timezone.now() + timedelta(days=5)
        contact = make_contact(quarantined_at=timezone.now(), quarantine_reason="bought list", paused_until=until)
        html = page(boss, self.url(contact))
        for text in ["No mail goes there", "bought list", "Wants no mail until", "Agreed to no topic"]:
            assert text in html, text
        grant(reachable := make_contact(), make_topic())
        assert "Mail may go there" in page(boss, self.url(reachable))

    def test_consent_says_since_when_and_why(self, boss):
        contact, topic = make_contact(), make_topic(name="Newsletter")
        subscribe(contact, topic, source="spring fair", evidence="signed card no. 7")
        html = page(boss, self.url(contact))
        assert "spring fair" in html
        assert "signed card no. 7" in html

    def test_facts_say_how_we_know(self, boss):
        make_field("size", label="Shoe size", purpose="to offer shoes that fit")
        make_field("faith", label="Faith", classification="sensitive")
        contact = make_contact(country="DE", attributes={"size": "38", "faith": "x"})
        html = page(boss, self.url(contact))
        for text in ["Europe/Berlin", "by the country", "Shoe size", "to offer shoes that fit", "sensitive"]:
            assert text in html, text


class TestProfileActions:
    def post(self, client, contact, name, **data):
        return client.post(reverse(f"{CONTACTS}:{name}", args=[contact.pk]), data)

    def test_a_consent_is_recorded_with_its_evidence_and_who_did_it(self, boss, admin_user):
        contact, topic = make_contact(), make_topic()
        self.post(boss, contact, "consent", topic=topic.pk, status="granted", evidence="phone, 3 March")
        change = contact.consent_changes.get()
        assert (change.status, change.evidence, change.changed_by) == ("granted", "phone, 3 March", admin_user)

    def test_a_consent_without_evidence_is_refused(self, boss):
        contact, topic = make_contact(), make_topic()
        response = self.post(boss, contact, "consent", topic=topic.pk, status="granted")
        assert response.status_code == 302
        assert not contact.consents.exists()

    def test_pending_cannot_be_recorded_by_hand(self, boss):
        contact, topic = make_contact(), make_topic()
        self.post(boss, contact, "consent", topic=topic.pk, status="pending", evidence="x")
        assert not contact.consents.exists()

    def test_a_note_is_kept(self, boss):
        contact = make_contact()
        self.post(boss, contact, "note", kind="call", subject="Asked about glaze", body="")
        note = contact.service_notes.get()
        assert (note.kind, note.subject, note.source) == ("call", "Asked about glaze", "admin")

    def test_a_tag_comes_and_goes(self, boss, admin_user):
        contact = make_contact()
        self.post(boss, contact, "tag", tag="Tea lover")
        tag = contact.tags.get()
        assert contact.tag_changes.get().changed_by == admin_user
        self.post(boss, contact, "untag", tag=tag.pk)
        assert not contact.tags.exists()

    @pytest.mark.parametrize("name", ["consent", "note", "tag", "untag"])
    def test_get_is_refused(self, boss, name):
        assert boss.get(reverse(f"{CONTACTS}:{name}", args=[make_contact().pk])).status_code == 405

    @pytest.mark.parametrize("name", ["consent", "note", "tag", "untag"])
    def test_a_contact_that_is_gone_is_not_found(self, boss, name):
        assert boss.post(reverse(f"{CONTACTS}:{name}", args=[999_999])).status_code == 404

    @pytest.mark.parametrize(
        ("name", "codenames"),
        [
            ("consent", ["view_contact"]),
            ("consent", ["change_contact"]),
            ("note", ["view_contact"]),
            ("note", ["add_servicenote"]),
            ("tag", ["view_contact"]),
            ("tag", ["change_contact"]),
        ],
    )
    def test_half_the_permissions_are_not_enough(self, name, codenames):
        contact, topic = make_contact(), make_topic()
        data = {"topic": topic.pk, "status": "granted", "evidence": "x", "kind": "note", "subject": "x", "tag": "x"}
        assert is_refused(self.post(client_with(*codenames), contact, name, **data))
        assert not contact.consents.exists()
        assert not contact.service_notes.exists()
        assert not contact.tags.exists()

    def test_forms_are_offered_only_to_those_who_may(self):
        contact = make_contact()
        make_topic()
        html = page(client_with("view_contact"), reverse(f"{CONTACTS}:inspect", args=[contact.pk]))
        assert "Record a decision" not in html
        assert "Write a note" not in html
        assert ">Suppress<" not in html


class TestPermissions:
    @pytest.mark.parametrize(
        "name", ["index", "index_results", "inspect", "edit", "delete", "history", "history_results"]
    )
    def test_addresses_are_seen_only_by_those_who_may_view_contacts(self, name):
        contact = make_contact(email="ann@example.com")
        args = [] if name.startswith("index") else [contact.pk]
        every_other = ["add_contact", "change_contact", "delete_contact", "export_contact"]
        response = client_with(*every_other).get(reverse(f"{CONTACTS}:{name}", args=args))
        assert is_refused(response)

    @pytest.mark.parametrize("viewset", [CONTACTS, LISTS, TOPICS, SUPPRESSIONS])
    @pytest.mark.parametrize("name", ["index", "index_results", "add"])
    def test_nothing_is_open_to_everybody_in_the_admin(self, viewset, name):
        assert is_refused(client_with().get(reverse(f"{viewset}:{name}")))

    @pytest.mark.parametrize("name", ["edit", "delete"])
    def test_viewing_is_not_changing(self, name):
        contact = make_contact()
        response = client_with("view_contact").post(reverse(f"{CONTACTS}:{name}", args=[contact.pk]))
        assert is_refused(response)
        assert Contact.objects.filter(pk=contact.pk).exists()

    def test_asking_to_delete_deletes_nothing(self, boss):
        contact = make_contact()
        boss.get(reverse(f"{CONTACTS}:delete", args=[contact.pk]))
        assert Contact.objects.filter(pk=contact.pk).exists()

    def test_every_permission_can_be_given_to_a_group(self, boss):
        html = page(boss, reverse("wagtailusers_groups:add"))
        assert "Can export contacts" in html


class TestForms:
    def test_a_contact_is_added(self, boss):
        boss.post(reverse(f"{CONTACTS}:add"), {"email": "Ann@Example.com", "attributes": "{}"})
        assert Contact.objects.get().email == "Ann@Example.com"

    def test_a_second_contact_with_the_same_address_is_refused(self, boss):
        make_contact(email="ann@example.com")
        response = boss.post(reverse(f"{CONTACTS}:add"), {"email": "ANN@example.com", "attributes": "{}"})
        assert "already a contact with this address" in response.content.decode()
        assert Contact.objects.count() == 1

    def test_a_contact_can_be_left_out_of_tracking(self, boss):
        contact = make_contact()
        boss.post(reverse(f"{CONTACTS}:edit", args=[contact.pk]), {"email": contact.email, "attributes": "{}"})
        contact.refresh_from_db()
        assert not contact.is_tracking_allowed

    def test_a_list_grows_by_pasted_addresses(self, boss):
        ann, bob = make_contact(email="ann@example.com"), make_contact(email="bob@example.com")
        made = make_list(bob)
        data = {"name": "Panel", "slug": "panel", "add_addresses": "ANN@example.com\n\n ann@example.com "}
        boss.post(reverse(f"{LISTS}:edit", args=[made.pk]), data)
        assert set(made.contacts.all()) == {ann, bob}

    def test_a_list_names_the_lines_that_it_does_not_know(self, boss):
        make_contact(email="ann@example.com")
        data = {"name": "Panel", "slug": "panel", "add_addresses": "ann@example.com\nnobody@example.com\n<x>"}
        html = boss.post(reverse(f"{LISTS}:add"), data).content.decode()
        assert "2 lines are no addresses of contacts" in html
        assert "nobody@example.com" in html
        assert not ContactList.objects.exists()

    def test_a_topic_is_added(self, boss):
        form = {"name": "Newsletter", "slug": "newsletter", "description": "", "sort_order": "1", "opt_in": "double"}
        boss.post(
            reverse(f"{TOPICS}:add"), {**form, "translations-TOTAL_FORMS": "0", "translations-INITIAL_FORMS": "0"}
        )
        assert Topic.objects.get().slug == "newsletter"


class TestSuppressions:
    def test_an_address_is_suppressed_by_hand(self, boss):
        contact = make_contact(email="ann@example.com")
        boss.post(
            reverse(f"{SUPPRESSIONS}:add"),
            {"address": "ANN@example.com", "reason": "manual", "detail": "wrote a letter"},
        )
        assert Contact.objects.suppressed().get() == contact
        assert Suppression.objects.get().detail == "wrote a letter"

    def test_suppressing_twice_is_no_error(self, boss):
        for _ in range(2):
            response = boss.post(reverse(f"{SUPPRESSIONS}:add"), {"address": "ann@example.com", "reason": "manual"})
            assert response.status_code == 302
        assert Suppression.objects.count() == 1

    def test_what_is_no_address_is_refused(self, boss):
        response = boss.post(reverse(f"{SUPPRESSIONS}:add"), {"address": "ann@", "reason": "manual"})
        assert response.status_code == 200
        assert not Suppression.objects.exists()

    def test_lifting_asks_first_and_then_lifts(self, boss):
        suppression = suppress("ann@example.com", reason="manual")
        url = reverse(f"{SUPPRESSIONS}:delete", args=[suppression.pk])
        assert "Yes, lift it" in page(boss, url)
        assert Suppression.objects.exists()
        boss.post(url)
        assert not Suppression.objects.exists()

    def test_whoever_may_not_see_contacts_sees_fingerprints(self):
        make_contact(email="ann@example.com")
        key = suppress("ann@example.com", reason="manual").address_hash
        html = page(client_with("view_suppression"), reverse(f"{SUPPRESSIONS}:index"))
        assert key[:12] in html
        assert "ann@example.com" not in html
        html = page(
            client_with("view_suppression", "view_contact", "view_contact_address"), reverse(f"{SUPPRESSIONS}:index")
        )
        assert "ann@example.com" in html

    def test_the_form_gives_no_address_away(self):
        contact = make_contact(email="ann@example.com")
        url = reverse(f"{SUPPRESSIONS}:add")
        assert "ann@example.com" not in page(client_with("add_suppression"), url, contact=contact.pk)
        assert "ann@example.com" not in page(client_with("add_suppression", "view_contact"), url, contact=contact.pk)
        client = client_with("add_suppression", "view_contact", "view_contact_address")
        assert "ann@example.com" in page(client, url, contact=contact.pk)

    @pytest.mark.parametrize("name", ["add", "delete"])
    def test_viewing_is_not_changing(self, name):
        suppression = suppress("ann@example.com", reason="manual")
        args = [suppression.pk] if name == "delete" else []
        data = {"address": "bob@example.com", "reason": "manual"}
        assert is_refused(client_with("view_suppression").post(reverse(f"{SUPPRESSIONS}:{name}", args=args), data))
        assert Suppression.objects.get() == suppression
