"""A contact's profile: who it is, whether mail may go there, the timeline, and what can be done."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views import View
from wagtail.admin.views import generic
from wagtail.admin.widgets.button import Button, HeaderButton

from wagtail_precise_mail.contacts.admin.access import SeesContacts
from wagtail_precise_mail.contacts.admin.details import details_of
from wagtail_precise_mail.contacts.admin.forms import ConsentForm, NoteForm
from wagtail_precise_mail.contacts.admin.tags import TagForm
from wagtail_precise_mail.contacts.masking import may_see_addresses, shown_address
from wagtail_precise_mail.contacts.models import Consent, ConsentChange, Contact, Suppression, Topic
from wagtail_precise_mail.contacts.panels import profile_actions, profile_panels
from wagtail_precise_mail.contacts.reachability import reachability
from wagtail_precise_mail.contacts.tags import Tag
from wagtail_precise_mail.contacts.timeline import Timeline, read_facts, read_timeline, timeline_sources
from wagtail_precise_mail.contacts.zones import zone_of
from wagtail_precise_mail.exceptions import UnknownKey

_PAGE = 50
_MOST = 1000
_APP = "wagtail_precise_mail"


class ProfileView(SeesContacts, generic.InspectView):
    """Everything known about one contact."""

    any_permission_required = ["view"]
    page_title = _("Contact")
    template_name = "wagtail_precise_mail/contacts/profile.html"
    suppress_url_name = lift_url_name = ""

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        index = {"url": reverse(self.index_url_name), "label": gettext("Contacts")}
        return [*self.breadcrumbs_items, index, {"url": "", "label": self.get_page_subtitle()}]

    def get_page_subtitle(self) -> str:
        return str(self.object)

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        edit_url = self.get_edit_url()
        actions = [source().action(self.object, self.request.user) for _key, source in profile_actions.items()]
        buttons = [HeaderButton(one.label, url=one.url, icon_name=one.icon, priority=10) for one in actions if one]
        return (
            [*buttons, HeaderButton(gettext("Edit"), url=edit_url, icon_name="edit", priority=20)]
            if edit_url
            else buttons
        )

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        merge_url = f"{reverse('precise-mail-duplicates:compare')}?contact={self.object.pk}"
        merge = Button(gettext("Merge with another"), url=merge_url, icon_name="collapse-down")
        delete_url = self.get_delete_url()
        delete = Button(gettext("Delete"), url=delete_url, icon_name="bin") if delete_url else None
        may_merge = self.request.user.has_perm(f"{_APP}.merge_contact")
        return [*([merge] if may_merge else []), *([delete] if delete else [])]

    def get_object(self, queryset: Any = None) -> Contact:
        return get_object_or_404(Contact.objects.select_related("user"), pk=self.kwargs[self.pk_url_kwarg])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        in_force = Suppression.objects.in_force(timezone.now())
        contact, suppression = self.object, in_force.filter(address_hash=self.object.address_hash).first()
        zone = zone_of(contact)
        return {
            **super().get_context_data(**kwargs),
            "contact": contact,
            "address": shown_address(contact.email, self.request.user),
            "reachability": reachability(contact, suppression, [one for _topic, one in self.topics if one]),
            "local_time": timezone.localtime(timezone=zone.zone),
            "is_paused": bool(contact.paused_until and contact.paused_until > timezone.now()),
            "facts": read_facts(contact),
            "suppression": suppression,
            "topics": self.topics,
            "tags": contact.contact_tags.select_related("tag").order_by("tag__name"),
            "lists": contact.lists.all(),
            "details": details_of(contact, zone),
            "timeline": self.timeline,
            "kinds": self.kinds(),
            "more_url": self.url(limit=self.limit + _PAGE) if self.timeline.has_more and self.limit < _MOST else "",
            "panels": self.panels(),
            **self.forms(),
        }

    def forms(self) -> dict[str, Any]:
        """What can be done here, for those who may."""
        may = self.request.user.has_perm
        may_change = may(f"{_APP}.change_contact")
        may_suppress = may(f"{_APP}.add_suppression") and may_see_addresses(self.request.user)
        return {
            "consent_form": ConsentForm(topics=[topic for topic, _one in self.topics]) if may_change else None,
            "tag_form": TagForm() if may_change else None,
            "known_tags": Tag.objects.values_list("name", flat=True)[:200] if may_change else (),
            "note_form": NoteForm() if may(f"{_APP}.add_servicenote") else None,
            "suppress_url": f"{reverse(self.suppress_url_name)}?contact={self.object.pk}" if may_suppress else "",
            "lift_url_name": self.lift_url_name if may(f"{_APP}.delete_suppression") else "",
        }

    def get_fields(self) -> list[str]:
        return []  # the template of this view has its own

    def get_fields_context(self) -> list[dict[str, Any]]:
        return []

    @cached_property
    def kind(self) -> str:
        return self.request.GET.get("kind", "")

    @cached_property
    def limit(self) -> int:
        given = self.request.GET.get("limit", "")
        return min(max(int(given), _PAGE), _MOST) if given.isascii() and given.isdigit() else _PAGE

    @cached_property
    def timeline(self) -> Timeline:
        try:
            return read_timeline(self.object, kind=self.kind, limit=self.limit)
        except UnknownKey as error:
            raise Http404(str(error)) from error

    def kinds(self) -> list[dict[str, Any]]:
        """The filter above the timeline."""
        every = {"label": gettext("Everything"), "url": self.url(kind=""), "icon": "", "is_current": not self.kind}
        one = [
            {"label": source.label, "url": self.url(kind=key), "icon": source.icon, "is_current": key == self.kind}
            for key, source in timeline_sources.items()
        ]
        return [every, *one]

    def url(self, **changes: Any) -> str:
        query = {key: value for key, value in {"kind": self.kind, **changes}.items() if value}
        return f"{self.request.path}?{urlencode(query)}#timeline" if query else f"{self.request.path}#timeline"

    @cached_property
    def topics(self) -> list[tuple[Topic, Consent | None]]:
        """Every topic with the consent to it, which knows what the ledger says last about how it came about."""
        changes = ConsentChange.objects.filter(contact=OuterRef("contact"), topic=OuterRef("topic"))
        latest = changes.order_by("-changed_at", "-pk")
        words = {name: Subquery(latest.values(name)[:1]) for name in ("source", "evidence")}
        consents = {consent.topic_id: consent for consent in self.object.consents.annotate(**words)}
        return [(topic, consents.get(topic.pk)) for topic in Topic.objects.all()]

    def panels(self) -> list[dict[str, Any]]:
        """Panels of other rooms, which are fetched by the page."""
        return [
            {
                "key": key,
                "title": panel.title,
                "url": reverse("precise-mail-contacts:panel", args=[self.object.pk, key]),
            }
            for key, panel in profile_panels.items()
            if panel().is_shown(self.request.user)
        ]


class PanelView(View):
    """The inside of one panel of another room."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, pk: int, key: str) -> HttpResponse:
        if not request.user.has_perm(f"{_APP}.view_contact"):
            raise PermissionDenied
        if key not in profile_panels:
            raise Http404(key)
        panel = profile_panels.get(key)()
        if not panel.is_shown(request.user):
            raise PermissionDenied
        contact = get_object_or_404(Contact, pk=pk)
        response = render(request, panel.template_name, {"contact": contact, **panel.context(contact)})
        response["Cache-Control"] = "no-store"
        return response
