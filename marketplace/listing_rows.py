"""The lines of a list of loans, printed: a list is asked for more often than anything else, and a template takes several times as long to fill in two dozen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core.money import format_short
from core.templatetags.money import percent
from marketplace.models import Listing
from marketplace.presenting import BAND_OF, time_left

LINE = (
    '<tr role="row"><th role="rowheader" scope="row"><a href="{base}{reference}/" lang="{language}">{title}</a><br>'
    '<span class="small soft">{about}</span></th>'
    '\n<td role="cell" data-l="{l_grade}"><span class="row tight"><span class="g">{grade}</span><span class="small soft">{band}</span></span></td>'
    '\n<td role="cell" class="n" data-l="{l_rate}"><span><b>{rate}</b><br><span class="small soft">{l_risk}</span></span></td>'
    '\n<td role="cell" class="n" data-l="{l_term}">{term}</td>'
    '\n<td role="cell" class="wide-c" data-l="{l_pledged}"><span class="stack-s">'
    '<svg class="chart" height="12" role="img" aria-labelledby="{reference}-t"><title id="{reference}-t">{l_progress}: {share}</title>'
    '<rect class="track" x="0" y="1" width="100%" height="10"/><rect class="b1" x="0" y="1" width="{width}%" height="10"/></svg>'
    '<span class="row apart small"><span><b>{funded}</b> {of}</span><span class="soft">{left}</span></span></span></td>'
    '<td role="cell" data-l="{l_compare}"><span class="pick"><input type="checkbox" name="loan" value="{reference}" id="c-{reference}">'
    '<label for="c-{reference}"><span class="vh">{l_compare} {title}</span></label></span></td></tr>'
)


def printed(listings: Iterable[Listing], *, now: datetime) -> SafeString:
    """The body of the table: every row in the words of the disclosed record."""
    labels = _labels()
    return format_html_join("", LINE, ({**labels, **_words(listing, now=now)} for listing in listings))


def _labels() -> dict[str, str]:
    texts = {
        "l_grade": _("Grade and expected loss a year"),
        "l_rate": _("Rate a year"),
        "l_risk": _("you may lose money"),
        "l_term": _("Term"),
        "l_pledged": _("Pledged"),
        "l_progress": _("Funding progress"),
        "l_compare": _("Compare"),
        "base": reverse("marketplace:listings"),
    }
    return {name: SafeString(text) for name, text in texts.items()}


def _words(listing: Listing, *, now: datetime) -> dict[str, str]:
    """Only the title is somebody's own words and is escaped; everything else is figures, codes and our catalogue."""
    share = listing.funded / listing.target
    ours = {
        "reference": listing.reference,
        "language": listing.language,
        "about": f"{listing.purpose_words}{pgettext('list', ', ')}{listing.reference}",
        "grade": listing.grade,
        "band": BAND_OF[listing.grade],
        "rate": percent(listing.annual_rate),
        "term": _("%(months)s months") % {"months": listing.term_months},
        "width": f"{share * 100:.3f}",
        "share": percent(share),
        "funded": format_short(listing.funded, listing.currency),
        "of": _("of %(target)s") % {"target": format_short(listing.target, listing.currency)},
        "left": time_left(listing, now=now),
    }
    return {"title": listing.title, **{name: SafeString(text) for name, text in ours.items()}}
