"""Further fields: typed, classified, allowed with a reason, and looked at for use (C209, C210)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from wagtail.models import ModelLogEntry

from tests.contacts.colleagues import client_with, is_refused, user_with
from tests.factories.contacts import make_contact, make_field
from tests.factories.emails import make_email
from tests.factories.segments import make_rules, make_segment
from wagtail_precise_mail.contacts.field_services import allow_use, delete_field, forbid_use
from wagtail_precise_mail.contacts.field_usage import read_field_uses
from wagtail_precise_mail.contacts.fields import ContactField, blocked_keys
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.services import set_attribute, set_field
from wagtail_precise_mail.contacts.values import show_value
from wagtail_precise_mail.emails.merge import parse
from wagtail_precise_mail.emails.merge_attributes import known_attributes
from wagtail_precise_mail.emails.merge_fields import contact_values
from wagtail_precise_mail.exceptions import InvalidRules, InvalidValue
from wagtail_precise_mail.segments.queries import members

pytestmark = pytest.mark.django_db

REASON = "The person asked for halal offers in writing, and Legal agreed."
FIELDS = "precise-mail-contact-fields"


def rule(key):
    return {"contact_field": {"field": "attribute", "attribute": key, "operator": "is", "values": ["x"]}}


class TestValues:
    @pytest.mark.parametrize(
        ("kind", "given", "kept"),
        [
            ("text", "  tea ", "tea"),
            ("number", "4,5", 4.5),
            ("number", "42", 42),
            ("number", 7, 7),
            ("date", "2026-01-31", "2026-01-31"),
            ("date", dt.date(2026, 1, 31), "2026-01-31"),
            ("yes_no", True, "yes"),
            ("yes_no", "No", "no"),
            ("choice", "GREEN", "Green"),
            ("choices", "black; green", ["Green", "Black"]),
            ("choices", ["Black"], ["Black"]),
        ],
    )
    def test_a_value_is_kept_by_the_type_of_its_field(self, kind, given, kept):
        make_field("favorite", kind=kind, choices="Green\nBlack")
        contact = make_contact()
        set_field(contact, "favorite", given)
        assert Contact.objects.get().attributes == {"favorite": kept}

    @pytest.mark.parametrize(
        ("kind", "given"),
        [
            ("number", "many"),
            ("number", "NaN"),
            ("number", "1e30"),
            ("number", True),
            ("date", "31 January"),
            ("yes_no", "maybe"),
            ("choice", "Blue"),
            ("choices", "Green, Blue"),
            ("text", "x" * 1001),
            ("text", "a\0b"),
        ],
    )
    def test_what_does_not_fit_is_refused_with_what_would(self, kind, given):
        make_field("favorite", label="Favorite tea", kind=kind, choices="Green\nBlack")
        contact = make_contact(attributes={"favorite": "before"})
        with pytest.raises(InvalidValue, match=r"Favorite tea.*which wants"):
            set_field(contact, "favorite", given)
        assert Contact.objects.get().attributes == {"favorite": "before"}

    def test_nothing_takes_a_value_away(self):
        contact = make_contact(attributes={"size": "large", "level": "gold"})
        set_field(contact, "size", "")
        assert Contact.objects.get().attributes == {"level": "gold"}

    def test_an_answer_that_does_not_fit_is_left_out_and_does_not_fail(self):
        make_field("stars", kind="number")
        contact = make_contact()
        assert set_attribute(contact, "stars", "5")
        assert not set_attribute(contact, "stars", "many")
        assert Contact.objects.get().attributes == {"stars": 5}

    def test_values_are_shown_in_words(self):
        date, answer = make_field("since", kind="date"), make_field("vip", kind="yes_no")
        assert show_value(date, "2026-01-31") == "Jan. 31, 2026"
        assert show_value(answer, "yes") == "yes"
        assert show_value(None, ["a", "b"]) == "a, b"
        assert show_value(None, True) == "yes"


class TestDescriptions:
    @pytest.mark.parametrize("key", ["7", "shoe size", 'a"b', "", "é"])
    def test_a_key_that_no_tag_could_name_is_refused(self, key):
        with pytest.raises(ValidationError):
            ContactField(key=key, label="x", purpose="x").full_clean()

    def test_choices_are_needed_where_one_chooses(self):
        with pytest.raises(ValidationError, match="Give the choices"):
            ContactField(key="tea", label="Tea", purpose="x", kind="choice").full_clean()


class TestSensitive:
    def test_a_segment_with_it_is_refused_at_its_place(self):
        make_field("religion", classification="sensitive")
        with pytest.raises(InvalidRules, match="sensitive") as caught:
            make_rules({"any": [rule("religion")]})
        assert caught.value.place == "rules[0].any[0].contact_field.attribute"

    def test_a_published_segment_stops_when_the_field_becomes_sensitive(self):
        segment = make_segment(rule("religion"))
        make_contact(attributes={"religion": "x"})
        assert members(segment).count() == 1
        make_field("religion", classification="sensitive")
        with pytest.raises(InvalidRules, match="sensitive"):
            members(segment)

    def test_the_editor_shows_the_error_beside_the_field(self):
        make_field("religion", classification="sensitive")
        segment = make_segment()
        block = segment.rules.stream_block.child_blocks["contact_field"]
        value = block.to_python({"field": "attribute", "operator": "is", "attribute": "religion", "values": "x"})
        with pytest.raises(ValidationError) as caught:
            block.clean(value)
        assert "sensitive" in str(caught.value.block_errors["attribute"])

    def test_a_merge_field_with_it_is_refused(self):
        make_field("religion", classification="sensitive")
        with pytest.raises(ValidationError, match="“religion” is sensitive"):
            parse('{{ contact.attributes.religion | default: "x" }}')
        assert parse('{{ contact.attributes.size | default: "x" }}')

    def test_an_email_that_was_compiled_before_says_nothing(self):
        contact = make_contact(attributes={"religion": "x", "size": "large"})
        names = ["contact.attributes.religion", "contact.attributes.size"]
        assert contact_values(contact, names)["contact.attributes.religion"] == "x"
        make_field("religion", classification="sensitive")
        assert contact_values(contact, names) == {"contact.attributes.size": "large"}

    def test_editors_are_not_offered_it(self):
        make_contact(attributes={"religion": "x", "size": "large"})
        make_field("religion", classification="sensitive")
        assert known_attributes(Contact.objects.all()) == ["size"]

    def test_a_written_reason_allows_it_and_is_logged(self):
        field, boss = make_field("religion", classification="sensitive"), user_with("allow_sensitive_contactfield")
        allow_use(field, reason=REASON, by=boss)
        make_rules(rule("religion"))
        assert parse('{{ contact.attributes.religion | default: "x" }}')
        field.refresh_from_db()
        assert (field.allowed_reason, field.allowed_by) == (REASON, boss)
        entry = ModelLogEntry.objects.get(action="wagtail_precise_mail.allow_field")
        assert (entry.user, entry.data["reason"]) == (boss, REASON)

    def test_it_ends_when_somebody_ends_it(self):
        field, boss = make_field("religion", classification="sensitive"), user_with("allow_sensitive_contactfield")
        allow_use(field, reason=REASON, by=boss)
        forbid_use(field, by=boss)
        assert blocked_keys() == {"religion"}
        assert ModelLogEntry.objects.filter(action="wagtail_precise_mail.forbid_field").exists()

    def test_nobody_else_may_allow_it(self):
        field = make_field("religion", classification="sensitive")
        with pytest.raises(PermissionDenied):
            allow_use(field, reason=REASON, by=user_with("change_contactfield"))
        assert blocked_keys() == {"religion"}

    @pytest.mark.parametrize("reason", ["", "because", " " * 40])
    def test_a_reason_that_says_nothing_is_refused(self, reason):
        field = make_field("religion", classification="sensitive")
        with pytest.raises(InvalidValue, match="at least 20"):
            allow_use(field, reason=reason, by=user_with("allow_sensitive_contactfield"))

    def test_it_has_to_be_allowed_again_once_it_was_harmless_in_between(self):
        field = make_field("religion", classification="sensitive")
        allow_use(field, reason=REASON, by=user_with("allow_sensitive_contactfield"))
        for classification in ["normal", "sensitive"]:
            field.classification = classification
            field.save()
        assert blocked_keys() == {"religion"}

    def test_deleting_the_field_deletes_what_it_held(self):
        make_contact(attributes={"religion": "x", "size": "large"})
        make_contact(attributes={"size": "small"})
        field = make_field("religion", classification="sensitive")
        assert delete_field(field, by=user_with("allow_sensitive_contactfield")) == 1
        held = list(Contact.objects.order_by("pk").values_list("attributes", flat=True))
        assert held == [{"size": "large"}, {"size": "small"}]

    def test_deleting_a_sensitive_field_is_no_way_around(self):
        field = make_field("religion", classification="sensitive")
        with pytest.raises(PermissionDenied):
            delete_field(field, by=user_with("delete_contactfield"))
        assert is_refused(client_with("delete_contactfield").post(reverse(f"{FIELDS}:delete", args=[field.pk])))
        assert ContactField.objects.exists()


class TestUsage:
    def test_a_field_that_nothing_uses_is_listed_first(self):
        make_field("size")
        make_field("mood")
        make_contact(attributes={"size": "large", "mood": "fine", "undescribed": "x"})
        segment = make_segment(rule("size"))
        uses = {use.key: use for use in read_field_uses()}
        assert uses["size"].places == (f"segment “{segment.name}”",)
        assert not uses["size"].is_unused
        assert uses["mood"].is_unused
        assert uses["undescribed"].is_unused
        assert uses["undescribed"].field is None
        assert [use.key for use in read_field_uses()][-1] == "size"

    def test_emails_count_as_use(self):
        make_field("size")
        make_email(subject='Shoes in {{ contact.attributes.size | default: "all sizes" }}', name="Shoes")
        assert read_field_uses()[0].places == ("email “Shoes”",)

    def test_a_draft_of_an_email_counts_as_use_and_is_named_as_one(self):
        make_field("size")
        email = make_email(name="Shoes")
        email.subject = "Shoes in {{ contact.attributes.size | default: 'all sizes' }}"
        email.save_revision()
        assert read_field_uses()[0].places == ("email “Shoes”, as a draft",)
        email.get_latest_revision().publish()
        assert read_field_uses()[0].places == ("email “Shoes”",)

    def test_a_draft_of_a_segment_counts_as_use(self):
        make_field("size")
        segment = make_segment(rule("color"))
        segment.rules = make_segment(rule("size")).rules
        segment.save_revision()
        places = {use.key: use.places for use in read_field_uses()}["size"]
        assert f"segment “{segment.name}”, as a draft" in places

    def test_a_field_that_holds_nothing_is_not_collected(self):
        make_field("size")
        assert not read_field_uses()[0].is_unused

    def test_the_page_shows_it(self):
        make_field("mood", label="Mood")
        make_contact(attributes={"mood": "fine"})
        html = client_with("view_contactfield").get(reverse(f"{FIELDS}:usage")).content.decode()
        assert "1 field is collected and used by no" in html
        assert "Mood" in html
        assert is_refused(client_with("view_contact").get(reverse(f"{FIELDS}:usage")))

    def test_the_number_of_queries_does_not_grow(self, django_assert_num_queries, django_assert_max_num_queries):
        make_segment(rule("size"))
        with django_assert_max_num_queries(11) as few:
            read_field_uses()
        for number in range(5):
            make_segment(rule(f"f{number}"))
            make_field(f"f{number}")
        with django_assert_num_queries(len(few) + 1):  # the counts, which nobody needs of no field
            read_field_uses()


class TestAdmin:
    def test_a_field_is_described(self, admin_client):
        data = {"key": "tea", "label": "Tea", "kind": "choice", "choices": "Green\nBlack"}
        admin_client.post(reverse(f"{FIELDS}:add"), {**data, "classification": "normal", "purpose": "offers"})
        assert ContactField.objects.get().choice_list == ["Green", "Black"]

    def test_a_purpose_is_asked_for(self, admin_client):
        data = {"key": "tea", "label": "Tea", "kind": "text", "classification": "normal"}
        html = admin_client.post(reverse(f"{FIELDS}:add"), data).content.decode()
        assert "This field is required" in html
        assert not ContactField.objects.exists()

    def test_the_key_cannot_be_changed(self, admin_client):
        field = make_field("tea")
        data = {"key": "coffee", "label": "Tea", "kind": "text", "classification": "normal", "purpose": "offers"}
        admin_client.post(reverse(f"{FIELDS}:edit", args=[field.pk]), data)
        field.refresh_from_db()
        assert (field.key, field.label) == ("tea", "Tea")

    def test_a_sensitive_field_is_made_harmless_only_by_those_who_decide(self):
        field = make_field("religion", classification="sensitive")
        url = reverse(f"{FIELDS}:edit", args=[field.pk])
        data = {"label": "x", "kind": "text", "classification": "normal", "purpose": "offers"}
        assert "You may not decide" in client_with("change_contactfield").post(url, data).content.decode()
        assert ContactField.objects.get().classification == "sensitive"
        client_with("change_contactfield", "allow_sensitive_contactfield").post(url, data)
        assert ContactField.objects.get().classification == "normal"

    def test_the_reason_is_written_and_shown(self):
        field = make_field("religion", classification="sensitive")
        client = client_with("change_contactfield", "allow_sensitive_contactfield")
        url = reverse(f"{FIELDS}:allow", args=[field.pk])
        assert "at least 20" in client.post(url, {"reason": "because"}).content.decode()
        client.post(url, {"reason": REASON})
        assert REASON in client.get(reverse(f"{FIELDS}:edit", args=[field.pk])).content.decode()
        client.post(url, {"forbid": "1"})
        assert ContactField.objects.get().is_blocked

    def test_others_cannot_write_it(self):
        field = make_field("religion", classification="sensitive")
        url = reverse(f"{FIELDS}:allow", args=[field.pk])
        assert is_refused(client_with("change_contactfield").post(url, {"reason": REASON}))
        assert ContactField.objects.get().is_blocked


class TestContactForm:
    def post(self, client, contact, **data):
        data = {"email": contact.email, "attributes": "{}", **data}
        return client.post(reverse("precise-mail-contacts:edit", args=[contact.pk]), data)

    def test_typed_inputs_write_typed_values(self, admin_client):
        make_field("points", kind="number")
        make_field("since", kind="date")
        make_field("teas", kind="choices", choices="Green\nBlack")
        contact = make_contact()
        data = {"further_points": "7", "further_since": "2026-01-31", "further_teas": ["Black"]}
        self.post(admin_client, contact, **data)
        contact.refresh_from_db()
        assert contact.attributes == {"points": 7, "since": "2026-01-31", "teas": ["Black"]}

    def test_a_wrong_value_is_shown_at_its_input(self, admin_client):
        make_field("points", kind="number")
        contact = make_contact(attributes={"points": 3})
        html = self.post(admin_client, contact, further_points="many").content.decode()
        assert "Enter a number" in html
        contact.refresh_from_db()
        assert contact.attributes == {"points": 3}

    def test_fields_that_nobody_described_stay(self, admin_client):
        make_field("points", kind="number")
        contact = make_contact(attributes={"points": 3, "other": "x"})
        html = admin_client.get(reverse("precise-mail-contacts:edit", args=[contact.pk])).content.decode()
        assert "{&quot;other&quot;: &quot;x&quot;}" in html
        self.post(admin_client, contact, attributes='{"other": "x"}', further_points="4")
        contact.refresh_from_db()
        assert contact.attributes == {"points": 4, "other": "x"}

    def test_a_described_field_cannot_be_slipped_in_as_json(self, admin_client):
        make_field("points", kind="number")
        contact = make_contact()
        html = self.post(admin_client, contact, attributes='{"points": "many"}').content.decode()
        assert "These have an input of their own: points" in html

    def test_an_account_is_linked_by_its_name(self, admin_client):
        user, contact, other = user_with(), make_contact(), make_contact()
        self.post(admin_client, contact, account=user.username)
        contact.refresh_from_db()
        assert contact.user == user
        assert "belongs to another contact" in self.post(admin_client, other, account=user.username).content.decode()
        assert "no account of that name" in self.post(admin_client, other, account="nobody").content.decode()

    def test_a_time_zone_has_to_exist(self, admin_client):
        html = self.post(admin_client, make_contact(), time_zone="Europe/Atlantis").content.decode()
        assert "There is no such time zone" in html
