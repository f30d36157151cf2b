"""The words about what vouches for a domain: SPF, DKIM, DMARC and their alignment."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.delivery.domains.findings import Level, Words

GOOD, LOOK, BROKEN, UNKNOWN = Level.GOOD, Level.LOOK, Level.BROKEN, Level.UNKNOWN

PROOF_WORDS: dict[str, Words] = {
    "spf_good": Words(
        GOOD,
        _("The record of %(domain)s is in order; it uses %(lookups)s of at most 10 look-ups."),
    ),
    "spf_missing": Words(
        BROKEN,
        _("%(domain)s has no SPF record."),
        _("Publish this one; your mail provider names what to write for PROVIDER, if that stands in it."),
    ),
    "spf_several": Words(
        BROKEN,
        _("%(domain)s has %(count)s SPF records, so receivers use none of them."),
        _("Keep one record that says what all of them said, and delete the others."),
    ),
    "spf_invalid": Words(
        BROKEN,
        _("The record of %(domain)s has something that is no rule of SPF: %(term)s"),
        _("Correct this word, or take it out."),
    ),
    "spf_lookups": Words(
        BROKEN,
        _("The record of %(domain)s needs more than 10 look-ups, so receivers use none of it."),
        _("Take out the providers that you no longer use, or write the IP addresses of small ones instead of include."),
    ),
    "spf_voids": Words(
        BROKEN,
        _("More than two names in the record of %(domain)s lead nowhere, so receivers use none of it."),
        _("Take out the names that no longer exist."),
    ),
    "spf_loop": Words(
        BROKEN,
        _("The record of %(domain)s comes back to itself by %(term)s."),
        _("Take this word out."),
    ),
    "spf_include_dead": Words(
        BROKEN,
        _("%(term)s in the record of %(domain)s has no SPF record, so receivers use none of it."),
        _("Take this word out, or correct the name in it."),
    ),
    "spf_include_several": Words(
        BROKEN,
        _("%(term)s in the record of %(domain)s has several SPF records, so receivers use none of it."),
        _("Tell the provider whose name it is; until then, take this word out."),
    ),
    "spf_open": Words(
        BROKEN,
        _("The record of %(domain)s lets the whole world send (+all)."),
        _("Publish the record with an end that turns others away."),
    ),
    "spf_neutral": Words(
        LOOK,
        _("The record of %(domain)s does not say what to do with mail from other servers."),
        _("Publish the record with an end that turns others away."),
    ),
    "spf_ptr": Words(
        LOOK,
        _("The record of %(domain)s uses “ptr”, which is slow and which some receivers skip."),
        _("Write the addresses or names of your servers instead."),
    ),
    "spf_host": Words(
        BROKEN,
        _("The record of %(domain)s does not allow your own server %(host)s (%(result)s)."),
        _("Add the server to the record, before the word that ends in “all”."),
    ),
    "dkim_good": Words(
        GOOD,
        _("The key “%(selector)s” of %(domain)s has %(bits)s bits."),
    ),
    "dkim_ed25519": Words(
        LOOK,
        _("The key “%(selector)s” of %(domain)s is of the kind Ed25519, which many receivers cannot read yet."),
        _("Let your mail server sign with an RSA key of 2048 bits besides."),
    ),
    "dkim_1024": Words(
        LOOK,
        _("The key “%(selector)s” of %(domain)s has only %(bits)s bits."),
        _("Let your mail provider make a new key of 2048 bits, under a new selector."),
    ),
    "dkim_short": Words(
        BROKEN,
        _("The key “%(selector)s” of %(domain)s has only %(bits)s bits, which receivers do not count."),
        _("Let your mail provider make a new key of 2048 bits, and publish it."),
    ),
    "dkim_missing": Words(
        BROKEN,
        _("There is no key “%(selector)s” of %(domain)s, with which your mail is signed."),
        _("Publish the key that your mail provider or server shows you, in the place of PUBLIC_KEY."),
    ),
    "dkim_revoked": Words(
        BROKEN,
        _("The key “%(selector)s” of %(domain)s was revoked: it is empty."),
        _("Sign with another key, or publish this one again, in the place of PUBLIC_KEY."),
    ),
    "dkim_invalid": Words(
        BROKEN,
        _("The key “%(selector)s” of %(domain)s cannot be read."),
        _("Publish it again as your mail provider shows it, in one record."),
    ),
    "dkim_sha1": Words(
        BROKEN,
        _("The key “%(selector)s” of %(domain)s only allows SHA-1, which receivers do not count any more."),
        _("Take “h=” out of the record."),
    ),
    "dkim_testing": Words(
        LOOK,
        _("The key “%(selector)s” of %(domain)s says that it is only a test (t=y)."),
        _("Take “t=y” out of the record once signatures work."),
    ),
    "dkim_not_found": Words(
        UNKNOWN,
        _("No key of %(domain)s was found under a common name. It may have another one, which nobody can guess."),
        _(
            "Look into a mail that arrived: “s=” in its DKIM-Signature is the selector. Whoever runs the server "
            "writes it into the setting dkim_selectors."
        ),
    ),
    "dmarc_good": Words(
        GOOD,
        _("%(domain)s asks receivers to turn such mail away (%(policy)s)."),
    ),
    "dmarc_watch": Words(
        LOOK,
        _("%(domain)s only asks for reports (p=none): mail that pretends to be yours is still delivered."),
        _("When the reports show only your own servers for some weeks, publish the record with p=quarantine."),
    ),
    "dmarc_missing": Words(
        BROKEN,
        _("%(domain)s has no DMARC record."),
        _(
            "Publish this one to begin with: it changes nothing about your mail, and brings you reports. The mailbox"
            " in it must exist."
        ),
    ),
    "dmarc_several": Words(
        BROKEN,
        _("%(domain)s has several DMARC records, so receivers use none of them."),
        _("Keep one of them."),
    ),
    "dmarc_invalid": Words(
        BROKEN,
        _("Receivers cannot read the DMARC record of %(domain)s."),
        _("Publish one like this."),
    ),
    "dmarc_partial": Words(
        LOOK,
        _("The policy of %(domain)s holds for %(percent)s%% of the mail only."),
        _("Take “pct” out of the record once all is well."),
    ),
    "dmarc_subdomains": Words(
        LOOK,
        _("Names below %(domain)s are not protected (sp=none)."),
        _("Take “sp=none” out of the record, unless other mail leaves from there."),
    ),
    "dmarc_no_reports": Words(
        LOOK,
        _("%(domain)s asks for no reports, so that nobody sees who writes in your name."),
        _("Add “rua=mailto:” and a mailbox to the record."),
    ),
    "dmarc_reports_refused": Words(
        LOOK,
        _("Reports about %(domain)s should go to %(other)s, which has not agreed to it: nobody sends them."),
        _("Have this published by whoever runs %(other)s, or choose a mailbox of your own."),
    ),
    "align_both": Words(
        GOOD,
        _(
            "Readers see %(domain)s, and both vouch for it: the signature is by %(signer)s, and bounces go to "
            "%(return_path)s. If one of them fails on the way, the other still counts."
        ),
    ),
    "align_dkim": Words(
        GOOD,
        _(
            "Readers see %(domain)s, and the signature by %(signer)s vouches for it. SPF does not, for it is about "
            "%(return_path)s, to which bounces go; one of the two is enough."
        ),
    ),
    "align_spf": Words(
        LOOK,
        _(
            "Readers see %(domain)s. SPF vouches for it (bounces go to %(return_path)s), but no signature does: a "
            "mail that is forwarded loses its only proof."
        ),
        _("Let your mail provider sign with a key of %(domain)s, not with one of its own."),
    ),
    "align_spf_only": Words(
        LOOK,
        _(
            "Readers see %(domain)s, and SPF vouches for it (bounces go to %(return_path)s). Whether a signature "
            "does is not known; without one, a mail that is forwarded loses its only proof."
        ),
        _("Name the selector in the setting dkim_selectors, as said at the signature."),
    ),
    "align_none": Words(
        BROKEN,
        _(
            "Readers see %(domain)s, but nobody vouches for that name: bounces go to %(return_path)s, and the usable"
            " signatures are by: %(signer)s. To receivers, the mail could be from anybody."
        ),
        _(
            "Let your mail provider sign with a key of %(domain)s: most call it “authenticate your domain”. Then "
            "correct SPF."
        ),
    ),
    "align_unsigned": Words(
        BROKEN,
        _(
            "Readers see %(domain)s, but nobody vouches for that name: bounces go to %(return_path)s, and there is no "
            "usable signature. To receivers, the mail could be from anybody."
        ),
        _(
            "Let your mail provider sign with a key of %(domain)s: most call it “authenticate your domain”. Then "
            "correct SPF."
        ),
    ),
    "align_unproved": Words(
        BROKEN,
        _(
            "Readers see %(domain)s, and the names are the same, but neither SPF nor a signature proves it. To "
            "receivers, the mail could be from anybody."
        ),
        _("Correct SPF and the signature, as said above."),
    ),
    "align_unknown": Words(
        UNKNOWN,
        _("SPF does not vouch for %(domain)s, which readers see. Whether a signature does is not known."),
        _("Name the selector in the setting dkim_selectors, as said at the signature."),
    ),
    "align_strict": Words(
        GOOD,
        _("Your DMARC record is strict: names below %(organization)s do not count as %(domain)s."),
    ),
}
"""By the code of a finding."""
