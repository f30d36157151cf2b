"""The words about everything else: the domain itself, its servers, where links lead, and headers."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.delivery.domains.findings import Level, Words

GOOD, LOOK, BROKEN, UNKNOWN, OPTIONAL = Level.GOOD, Level.LOOK, Level.BROKEN, Level.UNKNOWN, Level.OPTIONAL

PLACE_WORDS: dict[str, Words] = {
    "no_answer": Words(
        UNKNOWN,
        _("The name servers did not answer: %(question)s"),
        _("Check again later. If this stays, ask whoever runs the domain whether its name servers work."),
    ),
    "domain_missing": Words(
        BROKEN,
        _("There is no domain %(domain)s."),
        _("Register it, or choose another sender address."),
    ),
    "mx_good": Words(
        GOOD,
        _("Mail to %(domain)s goes to %(hosts)s."),
    ),
    "mx_address": Words(
        LOOK,
        _("%(domain)s names no mail server; others try the server of the website."),
        _("Publish the mail server where you get your mail."),
    ),
    "mx_none": Words(
        BROKEN,
        _("%(domain)s has no mail server: answers and bounces get lost."),
        _("Publish the mail server where you get your mail."),
    ),
    "mx_null": Words(
        BROKEN,
        _("%(domain)s says that it takes no mail at all (null MX), so many receivers refuse mail from it."),
        _("Publish a mail server, or choose a sender address of another domain."),
    ),
    "mx_dead": Words(
        BROKEN,
        _("The mail servers of %(domain)s have no address: %(hosts)s"),
        _("Correct their names, or publish their addresses."),
    ),
    "mx_partly": Words(
        LOOK,
        _("Some mail servers of %(domain)s have no address: %(hosts)s"),
        _("Correct their names, or take them out."),
    ),
    "ptr_good": Words(
        GOOD,
        _("%(address)s is called %(name)s, and that name leads back to it."),
    ),
    "ptr_missing": Words(
        BROKEN,
        _("The address %(address)s has no name."),
        _("Whoever rents you the server sets it, mostly in the settings of the network."),
    ),
    "ptr_differs": Words(
        BROKEN,
        _("%(address)s is called %(name)s, but that name leads somewhere else."),
        _("Publish the address under that name, or change the name of the address."),
    ),
    "ptr_generic": Words(
        LOOK,
        _("%(address)s is called %(name)s, like a line of some household."),
        _("Give the server a name of your own domain."),
    ),
    "ptr_no_host": Words(
        BROKEN,
        _("%(host)s has no address."),
        _("Correct the setting sending_hosts, or publish it."),
    ),
    "ptr_unknown": Words(
        UNKNOWN,
        _("Nobody said which servers hand your mail over."),
        _(
            "With a mail provider this is its own business. If you run the server yourself, name it in the setting "
            "sending_hosts."
        ),
    ),
    "links_good": Words(
        GOOD,
        _("Links lead to %(domain)s, which belongs to the domain of the sender."),
    ),
    "links_missing": Words(
        BROKEN,
        _("%(domain)s has no address: every link is dead, the one to unsubscribe, too."),
        _("Publish the address of your site, or correct the setting base_url."),
    ),
    "links_local": Words(
        LOOK,
        _("Links lead to %(domain)s, which is no domain that readers elsewhere could reach."),
        _("Write the public address of your site into the setting base_url."),
    ),
    "links_other": Words(
        LOOK,
        _("Links lead to %(domain)s, which is another domain than that of the sender (%(senders)s)."),
        _("Let links lead to a name below the domain of the sender, by the setting base_url."),
    ),
    "links_shortener": Words(
        BROKEN,
        _("Links lead to the shortener %(domain)s, which those who cheat use, too."),
        _("Let links lead to your own domain, by the setting base_url."),
    ),
    "links_lookalike": Words(
        BROKEN,
        _("%(shown)s looks like another name, with letters from another script."),
        _("Let links lead to a domain that is written in one script."),
    ),
    "links_plain": Words(
        LOOK,
        _("Links to %(domain)s are not encrypted, so that mail programs offer no unsubscribe button."),
        _("Serve the site by HTTPS, and say so in the setting base_url."),
    ),
    "links_unguarded": Words(
        LOOK,
        _("Anybody may send mail in the name of %(domain)s, to which your links lead."),
        _("Publish this, if no mail leaves from there."),
    ),
    "headers_good": Words(
        GOOD,
        _("All %(count)s headers of the last mail are in order."),
    ),
    "headers_none": Words(
        UNKNOWN,
        _("No mail has left from here yet."),
        _("Send a first campaign, and check again."),
    ),
    "header_missing": Words(
        BROKEN,
        _("The header %(header)s is missing."),
        _("Tell whoever runs the server."),
    ),
    "header_twice": Words(
        BROKEN,
        _("The header %(header)s is there more than once, so that Gmail refuses the mail."),
        _("Tell whoever runs the server: some program adds it again."),
    ),
    "header_wrong": Words(
        BROKEN,
        _("The header %(header)s cannot be read."),
        _("Tell whoever runs the server."),
    ),
    "header_id_domain": Words(
        LOOK,
        _("The Message-ID names %(domain)s, and not the domain of the sender (%(own)s)."),
        _("Leave the setting message_id_domain empty, or name a domain of your own there."),
    ),
    "header_no_one_click": Words(
        BROKEN,
        _("One-click unsubscribing is missing (List-Unsubscribe and List-Unsubscribe-Post)."),
        _("Tell whoever runs the server: some program takes these headers out."),
    ),
    "header_one_click_plain": Words(
        BROKEN,
        _("One-click unsubscribing does not lead to an address with HTTPS, so that mail programs do not offer it."),
        _("Serve the site by HTTPS, and say so in the setting base_url."),
    ),
    "header_long_line": Words(
        BROKEN,
        _("A line has %(count)s characters; servers cut lines above 998."),
        _("Tell whoever runs the server."),
    ),
    "header_clipped": Words(
        LOOK,
        _("The mail has %(size)s KB of HTML; Gmail hides what is beyond %(limit)s KB."),
        _("Shorten the email, or lead to a page."),
    ),
    "header_signed_later": Words(
        OPTIONAL,
        _(
            "Your mail server signs after us, so that we cannot see whether its signature covers the headers of "
            "one-click unsubscribing."
        ),
        _(
            "Look into a mail that arrived: “h=” in its DKIM-Signature must name List-Unsubscribe and "
            "List-Unsubscribe-Post."
        ),
    ),
    "header_not_covered": Words(
        LOOK,
        _(
            "The signature does not cover List-Unsubscribe and List-Unsubscribe-Post, so that mail programs may not "
            "offer the button."
        ),
        _("Add both names to the headers that your mail server signs."),
    ),
    "header_no_feedback": Words(
        OPTIONAL,
        _("There is no Feedback-ID, by which Gmail’s Postmaster Tools tell complaints apart by campaign."),
        _("Our mails leave with one: look for what takes it away, such as a message processor of your site."),
    ),
    "header_feedback": Words(
        GOOD,
        _("The Feedback-ID lets Gmail’s Postmaster Tools tell complaints apart by campaign."),
    ),
    "bimi_good": Words(
        GOOD,
        _("There is a record with your logo."),
    ),
    "bimi_none": Words(
        OPTIONAL,
        _("There is no record %(name)s."),
        _("It needs DMARC with p=quarantine or p=reject, and for Gmail a certificate for your trademark."),
    ),
    "mta_sts_good": Words(
        GOOD,
        _("There is a record; its policy file is not read here."),
    ),
    "mta_sts_none": Words(
        OPTIONAL,
        _("There is no record %(name)s."),
        _("Ask whoever runs your mail server."),
    ),
}
"""By the code of a finding."""
