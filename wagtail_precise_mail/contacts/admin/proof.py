"""The proof of consent of one contact, to download."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.proofs import consent_proof

PERMISSIONS = [
    f"wagtail_precise_mail.{codename}" for codename in ("view_contact", "view_contact_address", "export_contact")
]


@never_cache
@require_safe
def download_proof(request: HttpRequest, pk: int) -> JsonResponse:
    """Answer with everything that shows what a contact agreed to."""
    if not request.user.has_perms(PERMISSIONS):
        raise PermissionDenied
    contact = get_object_or_404(Contact, pk=pk)
    response = JsonResponse(consent_proof(contact), json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = f'attachment; filename="consent-{contact.pk}.json"'
    return response


url = path("precise-mail/contacts/<int:pk>/proof/", download_proof, name="precise_mail_proof")
