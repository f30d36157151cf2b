"""Questions of sign-up forms in the admin, with what each answer says."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, ObjectList
from wagtail.admin.ui.tables import BooleanColumn, Column, NumberColumn, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet

from wagtail_precise_mail.contacts.admin.columns import WideColumn
from wagtail_precise_mail.contacts.questions import SignUpQuestion


class QuestionIndex(generic.IndexView):
    """Questions with their number of answers."""

    def get_base_queryset(self) -> Any:
        return super().get_base_queryset().annotate(choice_count=Count("choices"))

    @cached_property
    def columns(self) -> list[Column]:
        return [
            self._get_title_column("name", TitleColumn),
            WideColumn("text", label=_("Question")),
            NumberColumn("choice_count", label=_("Answers"), sort_key="choice_count"),
            BooleanColumn("is_on_own_page", label=_("On our own page")),
        ]


class QuestionViewSet(ModelViewSet):
    """Questions below the menu group."""

    model = SignUpQuestion
    name = "precise-mail-questions"
    icon = "help"
    menu_label = _("Sign-up questions")
    index_view_class = QuestionIndex
    copy_view_enabled = False
    add_to_reference_index = False
    search_fields = ["name", "text"]
    search_backend_name = None
    ordering = "name"
    edit_handler = ObjectList(
        [
            FieldPanel("name"),
            FieldPanel("text"),
            FieldPanel("reason"),
            FieldPanel("is_multiple"),
            FieldPanel("contact_field"),
            FieldPanel("is_on_own_page"),
            InlinePanel(
                "choices",
                [
                    FieldPanel("label"),
                    FieldRowPanel([FieldPanel("tag"), FieldPanel("contact_list"), FieldPanel("topic")]),
                    FieldPanel("value"),
                ],
                min_num=1,
                heading=_("Answers, and what each says of the contact"),
                label=_("Answer"),
            ),
        ]
    )

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_common_view_kwargs(**{"usage_url_name": None, **kwargs})
