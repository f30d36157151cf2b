""" "Email this page" in the admin: who may, what it asks, what it makes, and the way back."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from wagtail.models import GroupPagePermission, Page, PageViewRestriction

from tests.factories.campaigns import make_user
from tests.factories.commerce import make_product
from tests.factories.emails import make_email, raw_block
from tests.factories.pages import make_page
from wagtail_precise_mail.emails.models import Email

pytestmark = pytest.mark.django_db


def url(page: Page) -> str:
    return reverse("precise_mail_email_from_page", args=[page.pk])


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def said(response: Any) -> list[str]:
    return [str(message).strip() for message in response.context["messages"]]


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root"))
    return client


def writer(client: Client, *codenames: str, edits_pages: bool = False) -> Client:
    """Somebody who may write emails, and nothing about pages unless asked."""
    user = make_user("access_admin", *codenames)
    if edits_pages:
        group = Group.objects.create(name="Page editors")
        GroupPagePermission.objects.create(
            group=group, page=Page.get_first_root_node(), permission_id=_permission("change_page")
        )
        user.groups.add(group)
    client.force_login(user)
    return client


def _permission(codename: str) -> int:
    from django.contrib.auth.models import Permission

    return Permission.objects.get(content_type__app_label="wagtailcore", codename=codename).pk


class TestMaking:
    def test_question_changes_nothing(self, admin: Client) -> None:
        response = admin.get(url(make_page(("words", "<p>Moss</p>"), title="Ferns")))
        assert response.status_code == 200
        assert "Email “Ferns”" in text_of(response)
        assert not Email.objects.exists()

    def test_answer_makes_a_draft_and_opens_its_editor(self, admin: Client) -> None:
        page = make_page(("words", "<p>Moss</p>"), title="Ferns")
        response = admin.post(url(page), {"extent": "whole"}, follow=True)
        email = Email.objects.get()
        assert response.redirect_chain[-1][0].endswith(f"/email/edit/{email.pk}/")
        assert said(response) == ["The email “Ferns” was made from the page. It is a draft."]
        assert [child.block_type for child in email.body] == ["heading", "rich_text", "button"]

    def test_teaser_is_a_choice(self, admin: Client) -> None:
        admin.post(url(make_page(("words", "<p>Moss</p>"))), {"extent": "teaser"})
        assert [child.block_type for child in Email.objects.get().body] == ["page"]

    @pytest.mark.parametrize("extent", ["", "half"])
    def test_unknown_extent_makes_nothing(self, admin: Client, extent: str) -> None:
        response = admin.post(url(make_page(("words", "<p>Moss</p>"))), {"extent": extent})
        assert response.status_code == 200
        assert not Email.objects.exists()

    def test_page_without_a_body_offers_the_teaser_only(self, admin: Client) -> None:
        response = admin.get(url(make_page()))
        assert 'value="teaser"' in text_of(response)
        assert 'value="whole"' not in text_of(response)

    def test_what_is_left_out_is_told_before_and_after(self, admin: Client) -> None:
        page = make_page(("words", "<p>Moss</p>"), ("markup", "<hr>"), ("anchor", "top"))
        before = text_of(admin.get(url(page)))
        assert "2 blocks of the page will be left out" in before
        assert "Markup, block 2 (emails have nothing like it)" in before
        after = said(admin.post(url(page), {"extent": "whole"}, follow=True))
        assert after[1] == (
            "2 blocks were left out: Markup, block 2 (emails have nothing like it), "
            "Anchor, block 3 (emails have nothing like it)."
        )

    def test_teaser_leaves_nothing_out(self, admin: Client) -> None:
        page = make_page(("words", "<p>Moss</p>"), ("markup", "<hr>"))
        assert len(said(admin.post(url(page), {"extent": "teaser"}, follow=True))) == 1

    def test_long_list_of_left_out_blocks_is_cut(self, admin: Client) -> None:
        page = make_page(("words", "<p>Moss</p>"), *[("markup", "<hr>")] * 12)
        [_made, left_out] = said(admin.post(url(page), {"extent": "whole"}, follow=True))
        assert left_out.startswith("12 blocks were left out:")
        assert left_out.count("Markup") == 8

    def test_markup_in_names_is_shown_as_it_is(self, admin: Client) -> None:
        page = make_page(("words", "<p>Moss</p>"), title="<img src=x onerror=alert(1)>")
        assert "<img src=x" not in text_of(admin.get(url(page)))
        assert "<img src=x" not in text_of(admin.post(url(page), {"extent": "whole"}, follow=True))

    def test_draft_of_a_page_is_said_to_be_one(self, admin: Client) -> None:
        assert "The page is not published." in text_of(admin.get(url(make_page(live=False))))

    def test_changes_that_are_not_published_are_taken_and_said(self, admin: Client) -> None:
        page = make_page(("words", "<p>Old</p>"))
        page.content = [("words", "<p>New</p>")]
        page.save_revision()
        assert "changes that are not published" in text_of(admin.get(url(page)))
        admin.post(url(page), {"extent": "whole"})
        assert Email.objects.get().body[1].value["content"].source == "<p>New</p>"

    def test_root_and_missing_pages_are_not_found(self, admin: Client) -> None:
        root = Page.get_first_root_node()
        assert admin.get(url(root)).status_code == 404
        assert admin.post(url(Page(pk=9999)), {"extent": "whole"}).status_code == 404


class TestPermission:
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_who_may_not_add_emails_makes_none(self, client: Client, method: str) -> None:
        page = make_page(("words", "<p>Moss</p>"))
        writer(client, "change_email", edits_pages=True)
        assert getattr(client, method)(url(page), {"extent": "whole"}).status_code == 302
        assert not Email.objects.exists()

    def test_who_may_add_and_not_change_emails_gets_the_list(self, client: Client) -> None:
        page = make_page(("words", "<p>Moss</p>"))
        response = writer(client, "add_email").post(url(page), {"extent": "whole"})
        assert response["Location"] == reverse(Email.snippet_viewset.get_url_name("list"))
        assert Email.objects.exists()

    def test_who_cannot_edit_the_page_gets_its_published_version(self, client: Client) -> None:
        page = make_page(("words", "<p>Public</p>"))
        page.content = [("words", "<p>Secret</p>")]
        page.save_revision()
        writer(client, "add_email").post(url(page), {"extent": "whole"})
        assert Email.objects.get().body[1].value["content"].source == "<p>Public</p>"

    def test_who_edits_the_page_gets_its_latest_version(self, client: Client) -> None:
        page = make_page(("words", "<p>Public</p>"))
        page.content = [("words", "<p>Next</p>")]
        page.save_revision()
        writer(client, "add_email", edits_pages=True).post(url(page), {"extent": "whole"})
        assert Email.objects.get().body[1].value["content"].source == "<p>Next</p>"

    @pytest.mark.parametrize("is_private", [True, False])
    def test_hidden_pages_are_for_their_editors(self, client: Client, is_private: bool) -> None:
        page = make_page(("words", "<p>Secret</p>"), live=is_private)
        if is_private:
            PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.LOGIN)
        writer(client, "add_email")
        for response in (client.get(url(page)), client.post(url(page), {"extent": "whole"})):
            assert response.status_code == 302
            assert response["Location"] == reverse("wagtailadmin_home")
        assert not Email.objects.exists()

    def test_strangers_are_sent_to_the_login(self, client: Client) -> None:
        response = client.post(url(make_page()), {"extent": "whole"})
        assert response["Location"].startswith("/admin/login/")


class TestButtons:
    def test_editor_and_list_of_pages_lead_to_the_question(self, admin: Client) -> None:
        page = make_page()
        assert f'href="{url(page)}"' in text_of(admin.get(reverse("wagtailadmin_pages:edit", args=[page.pk])))
        assert f'href="{url(page)}"' in text_of(admin.get(reverse("wagtailadmin_explore", args=[page.get_parent().pk])))

    def test_who_may_not_add_emails_sees_no_button(self, client: Client) -> None:
        page = make_page()
        writer(client, edits_pages=True)
        for address in ("wagtailadmin_pages:edit", "wagtailadmin_explore"):
            where = page if address.endswith("edit") else page.get_parent()
            response = client.get(reverse(address, args=[where.pk]))
            assert response.status_code == 200
            assert url(page) not in text_of(response)

    def test_locked_page_keeps_its_first_button(self, admin: Client) -> None:
        page = make_page()
        page.locked, page.locked_by = True, User.objects.create_superuser("other")
        page.save()
        content = text_of(admin.get(reverse("wagtailadmin_pages:edit", args=[page.pk])))
        assert content.index("Page locked") < content.index(url(page))

    def test_new_page_has_no_button(self, admin: Client) -> None:
        parent = make_page().get_parent()
        add = reverse("wagtailadmin_pages:add", args=["testapp", "mixedpage", parent.pk])
        assert "from-page" not in text_of(admin.get(add))


class TestEditorOfTheEmail:
    def test_it_leads_back_to_the_page(self, admin: Client) -> None:
        page = make_page(("words", "<p>Moss</p>"), title="Ferns")
        content = text_of(admin.post(url(page), {"extent": "whole"}, follow=True))
        assert "Made from the page" in content
        assert reverse("wagtailadmin_pages:edit", args=[page.pk]) in content

    def test_other_emails_say_nothing_of_it(self, admin: Client) -> None:
        edit = reverse(Email.snippet_viewset.get_url_name("edit"), args=[make_email().pk])
        assert "Made from the page" not in text_of(admin.get(edit))

    def test_page_that_was_deleted_is_no_error(self, admin: Client) -> None:
        page = make_page(("words", "<p>Moss</p>"))
        admin.post(url(page), {"extent": "whole"})
        page.delete()
        edit = reverse(Email.snippet_viewset.get_url_name("edit"), args=[Email.objects.get().pk])
        response = admin.get(edit)
        assert response.status_code == 200
        assert "Made from the page" not in text_of(response)

    def test_saving_keeps_the_page(self, admin: Client) -> None:
        page = make_page(("words", "<p>Moss</p>"))
        admin.post(url(page), {"extent": "whole"})
        email = Email.objects.get()
        data = {"name": "Other", "subject": "x", "preheader": "", "body-count": "0", "sample_contact": ""}
        edit = reverse(Email.snippet_viewset.get_url_name("edit"), args=[email.pk])
        assert admin.post(edit, data).status_code == 302
        email.refresh_from_db()
        assert email.get_latest_revision_as_object().source_page_id == page.pk

    def test_changes_since_the_approval_and_bad_links_are_in_its_checks(self, admin: Client) -> None:
        product, draft = make_product(name="Teapot", price="38"), make_page(title="Not yet", live=False)
        email = make_email(raw_block("product", product=product.pk), raw_block("button", label="Read", page=draft.pk))
        email.save_revision().publish()
        type(product).objects.update(price="42")
        content = text_of(admin.get(reverse(Email.snippet_viewset.get_url_name("edit"), args=[email.pk])))
        assert "Teapot: price £38.00 → £42.00" in content
        assert "It leads to the page “Not yet”, which is not published." in content

    @pytest.mark.usefixtures("reference_index")
    def test_usage_of_the_page_lists_the_email(self, admin: Client) -> None:
        page = make_page(("words", "<p>Moss</p>"), title="Ferns")
        admin.post(url(page), {"extent": "whole"})
        content = text_of(admin.get(reverse("wagtailadmin_pages:usage", args=[page.pk])))
        assert "Made from the page" in content
