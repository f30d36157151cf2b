"""Landing pages in the admin: made from a campaign, changed in Wagtail's page editor, seen before publishing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from wagtail.models import GroupPagePermission, Page
from wagtail.test.utils.form_data import nested_form_data, streamfield

from tests.factories.campaigns import make_campaign, make_email, make_scheduled, make_user
from tests.factories.contacts import make_contact
from tests.factories.emails import block_form, default_site, raw_block
from tests.factories.landing import goal_block, make_landing_page
from tests.factories.segments import make_segment
from wagtail_precise_mail.campaigns.landing.making import create_landing_page, title_of
from wagtail_precise_mail.campaigns.landing.models import LandingPage
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.emails.models import Email

pytestmark = pytest.mark.django_db

BUTTON = raw_block(
    "button", label="See the teas", page=None, url="/shop/", style="filled", second_label="Or mugs", second_url="/mugs/"
)
SURVEY = {"type": "survey", "value": {"question": "Which tea?", "kind": "stars"}, "id": "survey"}


def make_editor(*codenames: str, below: Page | None = None) -> User:
    """Somebody who may see campaigns, and add pages below a page."""
    user = make_user("access_admin", "view_campaign", *codenames)
    group = Group.objects.create(name=f"editors of {user}")
    for permission in ("add", "publish"):
        GroupPagePermission.objects.create(
            group=group, page=below or default_site().root_page, permission_type=permission
        )
    user.groups.add(group)
    return user


def here(campaign: Campaign) -> str:
    return reverse("precise-mail-campaigns:landing", args=[campaign.pk])


def create(client: Client, campaign: Campaign, parent: Page | None = None) -> Any:
    return client.post(here(campaign), {"parent": (parent or default_site().root_page).pk}, follow=True)


def messages_of(response: Any) -> str:
    return " ".join(str(one) for one in response.context["messages"])


class TestCreating:
    def test_it_makes_a_draft_with_the_blocks_of_the_email_and_opens_it(self, client: Client) -> None:
        email = make_email(
            subject='{{ contact.first_name | default: "Hello" }}, the kettle is on',
            body=[raw_block("heading", title="Tea", level="1"), BUTTON, SURVEY, raw_block("footer", reason="Because.")],
        )
        campaign = make_campaign(email=email)
        user = make_editor()
        client.force_login(user)
        response = create(client, campaign)
        page = LandingPage.objects.get()
        assert response.redirect_chain[-1][0] == reverse("wagtailadmin_pages:edit", args=[page.pk])
        assert response.status_code == 200
        assert (page.title, page.live, page.campaign, page.owner) == ("Hello, the kettle is on", False, campaign, user)
        assert [child.block_type for child in page.body] == ["heading", "goal"]
        assert (page.body[1].value["label"], page.body[1].value["url"]) == ("See the teas", "/shop/")
        said = messages_of(response)
        assert "choose it as the page of a button in the email" in said
        assert "“See the teas” is the goal button here" in said
        assert "2 blocks work in mails only and were left out: Survey, " in said
        latest = page.get_latest_revision_as_object()
        assert [child.block_type for child in latest.body] == ["heading", "goal"]

    def test_the_email_stays_as_it_is(self, client: Client) -> None:
        email = make_email(body=[BUTTON])
        before = json.dumps(email.body.get_prep_value()), email.revisions.count()
        client.force_login(make_editor())
        create(client, make_campaign(email=email))
        email = Email.objects.get(pk=email.pk)
        assert (json.dumps(email.body.get_prep_value()), email.revisions.count()) == before

    def test_what_was_scheduled_is_copied_and_not_what_was_written_since(self) -> None:
        campaign = make_scheduled(email=make_email(body=[raw_block("heading", title="As approved", level="1")]))
        campaign.email.body = json.dumps([raw_block("heading", title="Written since", level="1")])
        campaign.email.save_revision().publish()
        campaign.refresh_from_db()
        made = create_landing_page(campaign, model=LandingPage, parent=default_site().root_page, by=make_editor())
        assert made.page.body[0].value["title"] == "As approved"
        assert made.goal_label == "", "there was no button"

    def test_what_does_not_fit_is_taken_out_of_columns_and_variants(self) -> None:
        column = {"content": [raw_block("heading", title="Stays", level="1"), SURVEY]}
        columns = raw_block("columns", columns=[{"type": "item", "value": column, "id": "c"}])
        variant = {"segments": [{"type": "item", "value": make_segment().pk, "id": "s"}], "content": [SURVEY]}
        variants = raw_block(
            "variants", variants=[{"type": "item", "value": variant, "id": "v"}], default=[SURVEY, BUTTON]
        )
        campaign = make_campaign(email=make_email(body=[columns, variants]))
        made = create_landing_page(campaign, model=LandingPage, parent=default_site().root_page, by=make_editor())
        assert made.left_out == ["Survey"] * 3
        stored = json.dumps(made.page.body.get_prep_value())
        assert "survey" not in stored
        assert "Stays" in stored
        assert "See the teas" in stored
        assert made.page.body[1].value["variants"][0]["segments"], "whom it is for stays"

    @pytest.mark.parametrize(
        ("subject", "title"),
        [
            ('{{ contact.first_name | default: "friends" }}, new teas', "Friends, new teas"),
            ('News of {{ brand.company_name | default: "us" }}', "News of Fern & Kettle"),
            ("{{ contact.first", "Spring"),
            ("", "Spring"),
        ],
    )
    def test_title_has_no_merge_tags(self, subject: str, title: str) -> None:
        campaign = make_campaign(name="Spring")
        assert title_of(Email(subject=subject), campaign) == title

    def test_goal_is_a_button_whose_address_is_the_same_for_all(self) -> None:
        url = 'https://shop.example.com/{{ contact.city | default: "x" }}/'
        personal = raw_block("button", label="Yours", page=None, url=url)
        campaign = make_campaign(email=make_email(body=[personal, BUTTON]))
        made = create_landing_page(campaign, model=LandingPage, parent=default_site().root_page, by=make_editor())
        assert [child.block_type for child in made.page.body] == ["button", "goal"]


class TestPermission:
    def test_question_and_answer_are_for_those_who_may_add_pages(self, client: Client) -> None:
        campaign = make_campaign()
        client.force_login(make_user("access_admin", "view_campaign", "send_campaign"))
        assert client.get(here(campaign)).status_code == 302
        create(client, campaign)
        assert not LandingPage.objects.exists()
        client.force_login(make_editor())
        assert client.get(here(campaign)).status_code == 200
        assert not LandingPage.objects.exists(), "asking changes nothing"

    def test_and_who_may_see_campaigns(self, client: Client) -> None:
        campaign, editor = make_campaign(), make_editor()
        editor.groups.first().permissions.set(editor.groups.first().permissions.exclude(codename="view_campaign"))
        client.force_login(editor)
        assert client.get(here(campaign)).status_code == 302
        create(client, campaign)
        assert not LandingPage.objects.exists()

    def test_only_below_pages_where_they_may_add(self, client: Client) -> None:
        home = default_site().root_page
        mine = home.add_child(instance=Page(title="Mine", slug="mine"))
        client.force_login(make_editor(below=mine))
        campaign = make_campaign()
        assert "You may not add a landing page there" in create(client, campaign, home).content.decode()
        assert not LandingPage.objects.exists()
        create(client, campaign, mine)
        assert LandingPage.objects.get().get_parent().pk == mine.pk

    def test_button_is_shown_to_those_who_may_press_it(self, client: Client) -> None:
        campaign = make_campaign()
        page = reverse("precise-mail-campaigns:inspect", args=[campaign.pk])
        client.force_login(make_editor())
        assert "Create landing page" in client.get(page).content.decode()
        client.force_login(make_user("access_admin", "view_campaign"))
        assert "Create landing page" not in client.get(page).content.decode()


class TestEditor:
    def form(self, *blocks: tuple[str, Any], **fields: Any) -> dict[str, Any]:
        data = {"title": "Tea", "slug": "tea", "body": streamfield(blocks), "goal": "press", **fields}
        return nested_form_data({**data, "comments": {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0, "MIN_NUM_FORMS": 0}})

    def post(self, client: Client, page: LandingPage, data: dict[str, Any], *, publish: bool = True) -> Any:
        extra = {"action-publish": "1"} if publish else {}
        return client.post(reverse("wagtailadmin_pages:edit", args=[page.pk]), {**data, **extra})

    def test_it_is_published_with_a_goal_button(self, admin_client: Client) -> None:
        page = make_landing_page(publish=False)
        goal = ("goal", block_form(label="Go", page="", url="/shop/"))
        response = self.post(admin_client, page, self.form(goal))
        assert response.status_code == 302, response.context["form"].errors
        page.refresh_from_db()
        assert page.live
        assert page.body[0].value["label"] == "Go"

    def test_without_a_goal_button_nobody_reaches_the_goal(self, admin_client: Client) -> None:
        page = make_landing_page(publish=False)
        heading = ("heading", block_form(title="Tea", level="1"))
        assert (
            "There is no goal button in the body" in self.post(admin_client, page, self.form(heading)).content.decode()
        )
        assert self.post(admin_client, page, self.form(heading, goal="buy")).status_code == 302
        assert self.post(admin_client, page, self.form(heading), publish=False).status_code == 302, "a draft may wait"

    def test_goal_button_leads_to_one_place_of_the_web(self, admin_client: Client) -> None:
        page = make_landing_page(publish=False)
        for url in ("javascript:alert(1)", "mailto:a@example.com", ""):
            goal = ("goal", block_form(label="Go", page="", url=url))
            assert self.post(admin_client, page, self.form(goal)).status_code == 200, url
        assert not LandingPage.objects.get().live

    def test_blocks_for_mails_are_neither_offered_nor_taken(self) -> None:
        block = LandingPage._meta.get_field("body").stream_block
        assert not {"preheader", "footer", "share", "survey", "order_summary"} & set(block.child_blocks)
        assert {"goal", "coupon", "product_list", "variants", "raw_mjml", "header"} <= set(block.child_blocks)
        column = {"content": [raw_block("heading", title="A", level="1"), SURVEY]}
        columns = raw_block("columns", columns=[{"type": "item", "value": column, "id": "c"}])
        with pytest.raises(ValidationError) as caught:
            block.clean(block.to_python([columns]))
        assert "works in mails only" in str(caught.value.as_json_data())

    def test_raw_mjml_needs_its_permission(self, client: Client) -> None:
        page = make_landing_page(publish=False)
        GroupPagePermission.objects.create(
            group=(group := Group.objects.create(name="g")), page=default_site().root_page, permission_type="change"
        )
        user = make_user("access_admin")
        user.groups.add(group)
        client.force_login(user)
        raw = ("raw_mjml", block_form(mjml="<mj-text>Mine</mj-text>"))
        response = self.post(client, page, self.form(raw), publish=False)
        assert "needs a permission of its own" in response.content.decode()


class TestPreview:
    def preview(self, client: Client, page: LandingPage, mode: str) -> str:
        request = client.get("/admin/").wsgi_request
        return str(page.serve_preview(request, mode).content.decode())

    def test_as_a_stranger_and_as_the_sample_contact(self, admin_client: Client) -> None:
        campaign = make_campaign(email=make_email(sample_contact=make_contact(first_name="Grace")))
        page = make_landing_page(campaign=campaign)
        assert page.default_preview_mode == "fallbacks"
        assert "Dear friend." in self.preview(admin_client, page, "fallbacks")
        assert "Dear Grace." in self.preview(admin_client, page, "contact")

    def test_people_without_the_permission_see_nobody(self, client: Client) -> None:
        campaign = make_campaign(email=make_email(sample_contact=make_contact(first_name="Grace")))
        page = make_landing_page(campaign=campaign)
        client.force_login(make_editor())
        assert "Dear Alex." in self.preview(client, page, "contact")

    def test_every_segment_has_a_mode(self, admin_client: Client) -> None:
        segment = make_segment(name="Tea lovers")
        only = {"audience": {"show": "only", "segments": [{"type": "item", "value": segment.pk, "id": "a"}]}}
        page = make_landing_page(raw_block("heading", title="Only for you", level="1", **only), goal_block())
        modes = dict(page.preview_modes)
        assert modes[f"segment-{segment.pk}"] == "As a member of “Tea lovers”"
        assert "Only for you" in self.preview(admin_client, page, f"segment-{segment.pk}")
        assert "Only for you" not in self.preview(admin_client, page, "fallbacks")

    def test_nothing_in_it_can_be_pressed(self, admin_client: Client) -> None:
        html = self.preview(admin_client, make_landing_page(), "fallbacks")
        assert "<form" not in html
        assert "<button" in html

    def test_half_written_blocks_say_what_is_missing(self, admin_client: Client) -> None:
        page = make_landing_page(raw_block("product", product=None), goal_block(url=""), publish=False)
        html = self.preview(admin_client, page, "dark")
        assert "Choose where the goal button leads to" in html
        fresh = LandingPage(title="New")
        assert fresh.serve_preview(admin_client.get("/admin/").wsgi_request, "fallbacks").status_code == 200

    def test_the_button_has_its_picture_in_the_picker(self) -> None:
        block = LandingPage._meta.get_field("body").stream_block.child_blocks["goal"]
        assert "Save me a place" in block.get_preview_context(block.get_preview_value())["email_html"]


def test_campaigns_that_are_deleted_leave_their_page() -> None:
    page = make_landing_page(campaign=make_campaign())
    page.campaign.delete()
    page.refresh_from_db()
    assert page.campaign is None
    assert page.live
