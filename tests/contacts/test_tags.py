"""Tags: what is on a contact, how it came there, and who belongs because of it (C039)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.contacts.colleagues import user_with
from tests.factories.contacts import make_contact, make_tag
from tests.factories.segments import make_rules, make_segment
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.tagging import add_tag, delete_tag, get_tag, remove_tag
from wagtail_precise_mail.contacts.tags import Tag, TagChange
from wagtail_precise_mail.contacts.timeline import read_timeline
from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.queries import explain, members

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_tag_comes_with_time_source_and_who() -> None:
    contact, tag, colleague = make_contact(), make_tag(name="VIP"), user_with()
    assert add_tag(contact, tag, source="welcome flow", by=colleague, at=AT) == 1
    change = TagChange.objects.get()
    assert (change.name, change.action, change.source) == ("VIP", "added", "welcome flow")
    assert (change.changed_at, change.changed_by) == (AT, colleague)
    assert list(contact.tags.all()) == [tag]


def test_adding_it_again_changes_nothing() -> None:
    contact, tag = make_contact(), make_tag()
    add_tag(contact, tag, source="import", at=AT)
    assert add_tag(contact, tag, source="manual") == 0
    assert contact.contact_tags.get().since == AT
    assert TagChange.objects.count() == 1


def test_removing_what_is_not_there_changes_nothing() -> None:
    assert remove_tag(make_contact(), make_tag(), source="manual") == 0
    assert not TagChange.objects.exists()


def test_the_history_outlives_the_tag() -> None:
    contact, tag = make_contact(), make_tag(name="VIP")
    add_tag(contact, tag, source="import", at=AT)
    delete_tag(tag, by=None, source="tag deleted")
    history = TagChange.objects.order_by("pk").values_list("name", "action", "tag")
    assert list(history) == [("VIP", "added", None), ("VIP", "removed", None)]
    assert not Tag.objects.exists()


def test_many_contacts_are_tagged_in_a_few_queries(django_assert_max_num_queries) -> None:
    tag = make_tag(*[make_contact() for _ in range(3)])
    for _ in range(40):
        make_contact()
    with django_assert_max_num_queries(7):
        assert add_tag(Contact.objects.all(), tag, source="import") == 40
    with django_assert_max_num_queries(7):
        assert remove_tag(Contact.objects.filter(tags=tag), tag, source="import") == 43


def test_a_tag_is_found_by_its_name_whatever_the_case() -> None:
    tag = get_tag("Tea lover")
    assert get_tag("  tea   LOVER ") == tag
    assert get_tag("茶").slug == "tag"
    assert get_tag("咖啡").slug == "tag-2"


def test_it_is_on_the_timeline() -> None:
    contact, tag = make_contact(), make_tag(name="VIP")
    add_tag(contact, tag, source="import", at=AT)
    remove_tag(contact, tag, source="manual", at=AT.replace(month=4))
    entries = [entry for day in read_timeline(contact, kind="tag").days for entry in day.entries]
    assert [entry.title for entry in entries] == ["Lost the tag “VIP”", "Got the tag “VIP”"]
    assert [entry.detail for entry in entries] == ["manual", "import"]


class TestCondition:
    def test_the_complement_is_exact(self) -> None:
        yes, no = make_contact(), make_contact()
        make_tag(yes, slug="vip")
        make_tag(yes, no, slug="other")
        rule = {"tag": {"tags": ["vip"]}}
        assert list(members(make_rules(rule), at=AT)) == [yes]
        assert list(members(make_rules({"none": [rule]}), at=AT)) == [no]

    def test_nobody_comes_twice(self) -> None:
        both = make_contact()
        make_tag(both, slug="a")
        make_tag(both, slug="b")
        assert list(members(make_rules({"tag": {"tags": ["a", "b"]}}), at=AT)) == [both]

    def test_what_was_put_on_later_does_not_count(self) -> None:
        contact, tag = make_contact(), make_tag(slug="vip")
        add_tag(contact, tag, source="import", at=AT)
        rules = make_rules({"tag": {"tags": ["vip"]}})
        assert not members(rules, at=AT.replace(month=2)).exists()
        assert members(rules, at=AT).exists()

    def test_a_tag_that_is_gone_widens_nothing(self) -> None:
        tag = make_tag(slug="vip")
        segment = make_segment({"none": [{"tag": {"tags": ["vip"]}}]})
        tag.delete()
        with pytest.raises(InvalidRules, match='no tag "vip"'):
            members(segment)

    def test_it_explains_itself(self) -> None:
        contact = make_contact()
        make_tag(contact, slug="vip", name="VIP")
        lines = explain(make_rules({"tag": {"tags": ["vip"]}}), contact, at=timezone.now()).lines()
        assert lines[1] == "  + have the tag VIP (vip) [tags: VIP]"


class TestJobLevel:
    def test_it_finds_those_who_decide(self) -> None:
        heads = [make_contact(job_level=level) for level in ("head", "director", "executive")]
        staff, unknown = make_contact(job_level="staff"), make_contact()
        rule = {"job_level": {"levels": ["head", "director", "executive"]}}
        assert set(members(make_rules(rule))) == set(heads)
        assert set(members(make_rules({"none": [rule]}))) == {staff, unknown}

    def test_an_unknown_level_is_refused(self) -> None:
        with pytest.raises(InvalidRules, match="unknown; known: staff"):
            make_rules({"job_level": {"levels": ["king"]}})


def test_tags_are_listed_with_their_contacts(admin_client) -> None:
    tag = make_tag(make_contact(), make_contact(), name="VIP")
    html = admin_client.get(reverse("precise-mail-tags:index")).content.decode()
    assert "VIP" in html
    assert f"?tag={tag.pk}" in html
    admin_client.post(reverse("precise-mail-tags:delete", args=[tag.pk]))
    assert not Tag.objects.exists()
    assert TagChange.objects.filter(action="removed").count() == 2
