"""Topics below the menu group, and the look at consents that are too weak for one."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel, ObjectList, TitleFieldPanel
from wagtail.admin.ui.tables import BooleanColumn, Column
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets import SlugInput
from wagtail.admin.widgets.button import Button

from wagtail_precise_mail.contacts.admin.access import LookFirstView
from wagtail_precise_mail.contacts.admin.columns import WideColumn
from wagtail_precise_mail.contacts.asking_again import consents_below, enforce_minimum
from wagtail_precise_mail.contacts.grades import ConsentBasis
from wagtail_precise_mail.contacts.masking import shown_address
from wagtail_precise_mail.contacts.models import Topic

_SHOWN = 20


class TopicIndex(generic.IndexView):
    """All topics."""

    def get_list_more_buttons(self, instance: Topic) -> list[Any]:
        buttons = super().get_list_more_buttons(instance)
        if instance.minimum_basis and self.user_has_permission("change"):
            buttons.append(Button(gettext("Weaker consents…"), url=_look_url(instance), icon_name="help", priority=20))
        return buttons


class TopicEdit(generic.EditView):
    """Change a topic; whoever raises the least proof is told whom it concerns."""

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        if "minimum_basis" in form.changed_data and (count := consents_below(form.instance).count()):
            message = ngettext(
                "%(count)d consent is weaker than that. It counts as before, until somebody decides.",
                "%(count)d consents are weaker than that. They count as before, until somebody decides.",
                count,
            )
            button = messages.button(_look_url(form.instance), gettext("Look at them"))
            messages.warning(self.request, message % {"count": count}, buttons=[button])
        return cast("HttpResponse", response)


def _look_url(topic: Topic) -> str:
    return reverse("precise_mail_weaker_consents", args=[topic.pk])


class TopicViewSet(ModelViewSet):
    """What people agree to hear about."""

    model = Topic
    name = "precise-mail-topics"
    icon = "tag"
    menu_label = _("Topics")
    copy_view_enabled = False
    index_view_class = TopicIndex
    edit_view_class = TopicEdit
    list_display = [
        "name",
        WideColumn("slug", label=_("Slug")),
        WideColumn("description", label=_("Description")),
        BooleanColumn("is_public", label=_("Public")),
        Column("opt_in", label=_("Sign-up"), accessor="get_opt_in_display"),
    ]
    search_fields = ["name"]
    search_backend_name = None
    ordering = ["sort_order", "name"]
    edit_handler = ObjectList(
        [
            TitleFieldPanel("name", placeholder=False, classname=""),
            FieldPanel("slug", widget=SlugInput),
            FieldPanel("description"),
            InlinePanel(
                "translations",
                [FieldRowPanel([FieldPanel("language"), FieldPanel("name")]), FieldPanel("description")],
                heading=_("In other languages"),
                label=_("Translation"),
            ),
            MultiFieldPanel(
                [FieldRowPanel([FieldPanel("is_public"), FieldPanel("sort_order")]), FieldPanel("thanks_page")],
                heading=_("Signing up"),
                icon="form",
            ),
            FieldPanel("has_digests"),
            MultiFieldPanel(
                [FieldRowPanel([FieldPanel("opt_in"), FieldPanel("minimum_basis")])],
                heading=_("Proof of consent"),
                icon="check",
            ),
        ]
    )


class WeakerConsentsView(LookFirstView):
    """Consents whose proof is weaker than their topic asks for become pending."""

    permission = "wagtail_precise_mail.change_topic"
    template_name = "wagtail_precise_mail/contacts/weaker_consents.html"
    page_title = _("Weaker consents")
    index_name = "precise-mail-topics:index"
    index_label = _("Topics")

    @cached_property
    def topic(self) -> Topic:
        return get_object_or_404(Topic, pk=self.kwargs["pk"])

    def get_page_subtitle(self) -> str:
        return str(self.topic)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        consents = consents_below(self.topic)
        counts = dict(consents.order_by().values_list("basis").annotate(Count("pk")))
        labels = {"": gettext("nothing is known of how"), **dict(ConsentBasis.choices)}
        facts = {
            "topic": self.topic,
            "count": sum(counts.values()),
            "grades": [(labels[basis], counts[basis]) for basis in labels if basis in counts],
            "some": self._some() if counts else [],
        }
        return {**super().get_context_data(**kwargs), **facts}

    def _some(self) -> list[tuple[Any, str]]:
        """The first of them, for those who may see contacts."""
        user = self.request.user
        if not user.has_perm("wagtail_precise_mail.view_contact"):
            return []
        rows = consents_below(self.topic).select_related("contact").order_by("pk")[:_SHOWN]
        return [(consent, shown_address(consent.contact.email, user)) for consent in rows]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        count = enforce_minimum(self.topic, is_dry_run=False, by=cast("Any", request.user))
        words = ngettext(
            "%(count)d consent waits for a better yes.", "%(count)d consents wait for a better yes.", count
        )
        messages.success(request, words % {"count": count})
        return redirect(self.index_name)


url = path("precise-mail/topics/<int:pk>/weaker/", WeakerConsentsView.as_view(), name="precise_mail_weaker_consents")
