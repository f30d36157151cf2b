"""Landing pages: a mixin for page types of one's own, and the page type that comes with the package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.models import Page, get_page_models

from wagtail_precise_mail.campaigns.landing import serving
from wagtail_precise_mail.campaigns.landing.blocks import make_landing_body_block
from wagtail_precise_mail.campaigns.landing.compiling import written
from wagtail_precise_mail.campaigns.landing.forms import LandingPageForm
from wagtail_precise_mail.campaigns.landing.goals import Goal
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails import preview
from wagtail_precise_mail.emails.preview_readers import may_see
from wagtail_precise_mail.emails.sites import default_site
from wagtail_precise_mail.fields import WAGTAILS_PAGE, RegistryStreamField, page_model_name

if TYPE_CHECKING:
    from wagtail.models import Site


class LandingPageMixin(models.Model):
    """What makes a page type a landing page: a body of email blocks, filled for whoever comes by a link in a mail.

    For page types of your own: put it before your base page, and add :attr:`landing_panels`.
    """

    body = RegistryStreamField(make_landing_body_block, verbose_name=_("body"), blank=True)
    # Deleting a draft of a campaign must not take a public page with it.
    campaign = models.ForeignKey(
        Campaign,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("campaign"),
        help_text=_("Whose mails lead here: its page shows what became of the visitors."),
    )
    goal = models.CharField(_("visitors should"), max_length=10, choices=Goal.choices, default=Goal.PRESS)
    is_indexable = models.BooleanField(
        _("search engines may list it"), default=False, help_text=_("They see it as strangers do, with fallbacks.")
    )

    landing_panels: ClassVar[list] = [
        FieldPanel("body"),
        MultiFieldPanel(
            [FieldPanel("goal"), FieldPanel("campaign", permission="wagtail_precise_mail.view_campaign")],
            heading=_("Goal"),
            icon="crosshairs",
        ),
    ]
    landing_promote_panels: ClassVar[list] = [FieldPanel("is_indexable")]
    base_form_class = LandingPageForm

    # Mails do not list it among the newest pages.
    is_listed_in_emails = False
    content_security_policy: ClassVar[str] = serving.POLICY
    """What the page's response says; "" leaves it to the site, for instance where the page counts visits by a script
    of the site's own theme."""

    class Meta:
        abstract = True

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page to whoever comes; POST is a goal button."""
        if request.method == "POST":
            return serving.press_goal(self, request)
        return serving.show(self, request)

    def get_sitemap_urls(self, request: HttpRequest | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = super().get_sitemap_urls(request) if self.is_indexable else []  # type: ignore[misc]
        return found

    @property
    def landing_site(self) -> Site:
        """The site of the page, whose brand it has; the default one for a page that has no place yet."""
        parts = self.get_url_parts() if getattr(self, "path", "") else None  # type: ignore[attr-defined]
        site: Site | None = self.get_site() if parts else None  # type: ignore[attr-defined]
        return site or default_site()

    @property
    def preview_modes(self) -> list[tuple[str, str | Promise]]:
        return [*preview.PAGE_MODES, *preview.segment_modes(self.body)]

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        user = getattr(request, "user", None)
        return preview.page_preview(
            written(self),
            mode_name,
            site=self.landing_site,
            samples=serving.samples_of(self),
            may_see_contacts=user is None or may_see(user, Contact),
        )


def landing_page_models() -> list[Any]:
    """Return every type of landing pages: ours, and those of the project."""
    return [model for model in get_page_models() if issubclass(model, LandingPageMixin)]


# Wagtail 8 lets a site have its own base page, of which no package can make a type: there the mixin makes one.
if page_model_name().lower() == WAGTAILS_PAGE:

    class LandingPage(LandingPageMixin, Page):  # type: ignore[django-manager-missing]
        """A landing page."""

        content_panels = [*Page.content_panels, *LandingPageMixin.landing_panels]
        promote_panels = [*Page.promote_panels, *LandingPageMixin.landing_promote_panels]

        class Meta:
            verbose_name = _("landing page")
            verbose_name_plural = _("landing pages")

        def __str__(self) -> str:
            return str(self.title)
