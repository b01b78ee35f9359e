"""Guru.com: server-rendered cards, after `/d/jobs/` transcribed in 2026-09, and a detail page's JSON-LD."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from outsource_scraper.items import PaymentType, Project, Status
from outsource_scraper.sandbox.markup import (
    amount,
    cards,
    country_name,
    excerpt,
    folded,
    is_cut,
    page_window,
    script_json,
    slug,
    text,
    whole,
)
from outsource_scraper.sandbox.model import Ladder, Profile
from outsource_scraper.sandbox.platforms import Ask, Page, Platform, Route, Truth, get

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from outsource_scraper.sandbox.model import Posting

PER_PAGE = 20
_CUT = 200
_HOUR = timedelta(hours=1)
_CATEGORIES = {
    "web": ("Programming & Development", "Web Development & Design"),
    "mobile": ("Programming & Development", "Mobile Development"),
    "data": ("Programming & Development", "Database Design"),
    "ai": ("Programming & Development", None),
    "server": ("Programming & Development", "Software Development"),
    "design": ("Design & Art", "Graphic & Layout Design"),
    "content": ("Writing & Translation", "Articles"),
}
"""Category and, where there is one, subcategory of a topic; their slugs stand in the addresses."""
_TERMS = (("1-3 months", 90), ("3-6 months", 180), ("6+ months", 180))
"""Terms of hourly work, and the days of the longest month count that each states."""


class Guru(Platform):
    """Amounts name no currency: dollars. A posting tells its age in hours for a day, then its date."""

    profile = Profile(
        name="guru",
        languages=("en",),
        first_id=2_000_000,
        ladders=(
            Ladder(
                6,
                "fixed",
                "USD",
                ((None, 250), (250, 500), (500, 1000), (1000, 2500), (2500, 5000), (25000, None)),
            ),
            Ladder(3, "hourly", "USD", ((5, 10), (10, 15), (15, 25), (25, 50), (50, 100))),
            Ladder(1, "fixed", "USD"),
        ),
        bid_days=(14, 30),
        typical_bids=30,
    )
    hosts = ("www.guru.com", "guru.com")
    robots = "User-agent: *\nDisallow: /login.aspx\nDisallow: /pro/\nDisallow: /emp/\n"

    def routes(self) -> Sequence[Route]:
        """The listing, whole or of one category, and the page of a job."""
        return (
            get(r"/d/jobs/(?:c/(?P<category>[\w-]+)/)?(?:pg/(?P<page>\d+)/?)?", self._listing),
            get(r"/jobs/[^/]+/(?P<number>\d+)(?:&SearchUrl=[^/]*)?", self._detail),
        )

    def truth(self, posting: Posting, now: datetime, *, detail: bool) -> Truth:
        """A rating in percent counts 100 as 5."""
        budget, client = posting.budget, posting.client
        cut = not detail and is_cut(posting.description, _CUT)
        day = timedelta(days=1)
        recent = now - posting.posted_at < day
        posted_at = (
            now - whole(now - posting.posted_at, _HOUR) * _HOUR if recent else _midnight(posting.posted_at)
        )
        unit = PaymentType.HOURLY if budget is not None and budget.unit == "hourly" else PaymentType.FIXED
        return Truth(
            project=Project(
                platform=self.name,
                external_id=str(posting.number),
                url=f"https://www.guru.com{_path(posting)}",
                title=folded(posting.title),
                description=folded(posting.description[:_CUT] if cut else posting.description),
                category=_CATEGORIES[posting.topic][0],
                skills=list(posting.skills),
                budget_min=posting.budget_min,
                budget_max=posting.budget_max,
                currency="USD" if budget else None,
                payment_type=unit,
                language="en",
                posted_at=posted_at,
                deadline_at=None if posting.deadline_at is None else _midnight(posting.deadline_at),
                duration_days=_TERMS[posting.number % 3][1] if unit is PaymentType.HOURLY else None,
                status=Status.CLOSED if posting.closed else Status.OPEN,
                bids_count=posting.bids,
                client_name=client.name,
                client_country=client.country,
                client_rating=None if client.rating is None else Decimal(_percent(client.rating)) / 20,
                client_spent_usd=Decimal(client.spent_usd) if client.spent_usd else None,
                client_verified=client.verified or None,
            ),
            precision={"posted_at": 3600 if recent else 86400, "deadline_at": 86400},
            description_is_cut=cut,
        )

    def _listing(self, ask: Ask, match: re.Match[str]) -> Page:
        category = match["category"]
        view, base = ask.view, "/d/jobs/"
        if category is not None:
            view = view.only(lambda posting: slug(_CATEGORIES[posting.topic][0]) == category)
            base = f"/d/jobs/c/{category}/"
        number, last = int(match["page"] or 1), view.pages(PER_PAGE)
        return Page(
            body=_LISTING.format(
                next=f'<link rel="next" href="{base}pg/{number + 1}/" />' if number < last else "",
                total=amount(view.total, ","),
                cards=cards(view.page(number, PER_PAGE), lambda posting: _card(posting, ask.now)),
                pager=_pager(base, number, last),
            )
        )

    def _detail(self, ask: Ask, match: re.Match[str]) -> Page | None:
        posting = ask.find(int(match["number"]))
        return None if posting is None else Page(body=_detail_page(posting))


def _path(posting: Posting) -> str:
    return f"/jobs/{slug(posting.original_title)}/{posting.number}"


def _midnight(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _stamp(instant: datetime) -> str:
    return f"{_midnight(instant):%Y-%m-%dT%H:%M:%S}.0000000+00:00"


def _percent(rating: float) -> str:
    return f"{rating * 20:.1f}".removesuffix(".0")


def _date(instant: datetime) -> str:
    return f"{instant:%b} {instant.day}, {instant.year}"


def _age(posting: Posting, now: datetime) -> str:
    age = now - posting.posted_at
    if not timedelta() <= age < timedelta(days=1):
        return f"on {_date(posting.posted_at)}"
    hours, minutes = whole(age, _HOUR), whole(age, timedelta(minutes=1))
    if hours:
        return f"{hours} hr{'s' if hours > 1 else ''} ago"
    return f"{minutes} min{'s' if minutes != 1 else ''} ago"


def _money(value: int) -> str:
    return f"${value / 1000:g}k" if 1000 <= value < 10**6 else f"${value}"


def _range(low: int | None, high: int | None) -> str:
    if low is None:
        return f"Under {_money(high or 0)}"
    return f"Over {_money(low)}" if high is None else f"{_money(low)}-{_money(high)}"


def _budget(posting: Posting) -> str:
    divider = "<span class='pipeDivider' role='presentation' aria-hidden='true'> | </span>"
    budget = posting.budget
    if budget is None:
        return "<strong>Fixed Price</strong>"
    if budget.unit == "fixed":
        return f"<strong>Fixed Price</strong>{divider} <strong>{_range(budget.low, budget.high)}</strong>"
    term, _ = _TERMS[posting.number % 3]
    return divider.join(
        (
            "<strong>Hourly</strong>",
            f"<strong>${budget.low} - ${budget.high}</strong>",
            f"<strong title='{term}'>10-30 hrs/wk</strong>",
            f"<strong>{term}</strong>",
        )
    )


def _quotes(posting: Posting) -> str:
    word = "Quote" if posting.bids == 1 else "Quotes"
    if posting.share("invited") < 0.1:
        return (
            f"<strong data-original-title='1 Invited' class='toolTip'>{posting.bids} {word} Received</strong>"
        )
    return f"<strong>{posting.bids}</strong> {word} Received"


def _card(posting: Posting, now: datetime) -> str:
    client = posting.client
    category_name, sub_name = _CATEGORIES[posting.topic]
    category = slug(category_name)
    badge = '<div class="jobRecord__badge"><span class="module_badge">FEATURED</span></div>'
    return _CARD.format(
        number=posting.number,
        employer=client.number,
        title=text(posting.title),
        href=f"{_path(posting)}&SearchUrl=search.aspx?",
        age=_age(posting, now),
        quotes=_quotes(posting),
        badge=badge if posting.share("featured") < 0.1 else "",
        budget=_budget(posting),
        deadline=_date(posting.deadline_at or posting.posted_at),
        description=text(excerpt(posting.description, _CUT, "\0")).replace("\0", "&hellip;"),
        category=category,
        category_name=category_name,
        sub=_SUBCATEGORY.format(category=category, sub=slug(sub_name), name=text(sub_name))
        if sub_name
        else "",
        skills="".join(
            f'<a href="/d/jobs/c/{category}/skill/{slug(skill)}/" v-if="true" class="skillsList__skill '
            f'skillsList__skill--hasHover">{text(skill)}</a>'
            for skill in posting.skills
        ),
        client=text(client.name),
        country=country_name(client.country),
        spent=_SPENT.format(amount=amount(client.spent_usd, ",")) if client.spent_usd else "",
        feedback="" if client.rating is None else _FEEDBACK.format(percent=_percent(client.rating)),
        verified='<i class="greenIcon" title="Payment Method Verified" aria-hidden="true"></i>'
        if client.verified
        else "",
    )


def _pager(base: str, current: int, last: int) -> str:
    def link(page: int) -> str:
        return base if page == 1 else f"{base}pg/{page}/"

    def item(page: int, label: str) -> str:
        kind = "active" if page == current else ""
        return f"<li class='{kind}'><a href='{link(page)}'>{label}</a></li>"

    disabled = "<li class='disabled' aria-disabled='true'><span>{}</span></li>"
    items = [item(current - 1, " < ") if current > 1 else disabled.format(" < ")]
    items += [item(page, str(page)) for page in page_window(current, last, 4)]
    if current + 3 < last:
        items += [disabled.format(" ... "), item(last, str(last))]
    items.append(item(current + 1, " > ") if current < last else disabled.format(" > "))
    return "".join(items)


def _detail_page(posting: Posting) -> str:
    budget, client = posting.budget, posting.client
    job: dict[str, object] = {
        "@context": "https://schema.org/",
        "@type": "JobPosting",
        "title": posting.title,
        "description": posting.description,
        "skills": ", ".join(posting.skills).lower(),
        "datePosted": _stamp(posting.posted_at),
        "validThrough": _stamp(posting.deadline_at or posting.posted_at),
        "employmentType": "CONTRACTOR",
        "hiringOrganization": {"@type": "Organization", "name": client.name},
        "Identifier": {"@type": "PropertyValue", "Name": client.name, "Value": str(posting.number)},
        "jobLocationType": "TELECOMMUTE",
    }
    if budget is not None:
        job["baseSalary"] = {
            "@type": "MonetaryAmount",
            "currency": "USD",
            "Value": {
                "@type": "QuantitativeValue",
                "value": str(budget.high or budget.low),
                "minValue": str(budget.low or 0),
                "maxValue": str(budget.high or budget.low),
                "unitText": "YEAR",
            },
        }
    return _DETAIL.format(
        title=text(posting.title),
        job=script_json(job),
        budget=_budget(posting),
        number=posting.number,
        bids=posting.bids,
        state='<p class="jobHeading__closed">This job is closed.</p>' if posting.closed else "",
        description=text(posting.description),
        client=text(client.name),
        country=country_name(client.country),
    )


_LISTING = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8" /><title>Find Freelance Jobs</title>{next}</head>
<body>
<div id="search-results">
              <h2 class="secondaryHeading">{total} jobs found</h2>
              <div class="module_list cozy">
                <ul>
{cards}
                </ul>
              </div>
              <guru-no-content v-if="lastResult === 0"
                style="border-top: none;margin-top: 100px;"
                :is-centered="true">
                <template v-slot:title>
                  <guru-search-no-results :default-message="'Sorry, No Jobs Found.'" />
                </template>
              </guru-no-content>
              <!-- SERVER SIDE RENDERED PAGINATION -->
              <div class="pagination centered" v-if="loadedOnce === false">
                <ul id="ctl00_guB_ulpaginate">{pager}</ul>
                <div class="small subtext"> </div>
              </div>
</div>
</body>
</html>
"""

_SUBCATEGORY = """<span class="skillsList__skill greyBackground">\
<a class="darkGrey" href="/d/jobs/c/{category}/sc/{sub}/">{name}</a></span>"""

_SPENT = """<span class='earnings freelancerAvatar__earnings'> <i class='earnings__icon' data-icon='&#xe916' \
aria-hidden='true' title='Spent'></i><strong class='earnings__amount'>{amount} Spent</strong></span>"""

_FEEDBACK = """<span aria-hidden="true" class="pipeDivider" role="presentation"> | </span>\
<a @click="showEmpSummaryModal"><span class='darkGrey feedback-score feedback-score_medium'>\
<i data-icon='&#xf164' aria-hidden='true'></i> {percent}% </span></a>"""

_CARD = """<li>
 <job-record v-slot="{{selectedRecords, encodedUrl, showEmpSummaryModal}}"
 :show-inline-template="true" :show-actions="false"
 :data="{{ ProjectID: {number}, EmployerId: {employer}, CompanyID: {employer} }}">
  <div class="record jobRecord" data-gid="{number}">
   <div class="record__check">
    <input type="checkbox" aria-label="Select Job: {title}" id="project__{number}"
     class="g-chkradio g-chkradio--checkbox" v-model="selectedRecords"  value="{number}">
    <label for="project__{number}"></label>
   </div>
   <div class="record__details">
    <div class="record__header">
     <div class="record__header__identity">
      <div class="jobRecord__meta">
       Posted
       <strong>{age}</strong> &middot; {quotes}
      </div>
      <h2 class="jobRecord__title jobRecord__title--changeVisited">
       <a v-pre href="{href}">{title}</a>{badge}
      </h2>
      <div class="jobRecord__budget">{budget}</div>
     </div>
     <div class="record__header__action record__header__action--full">
      <p class="copy small grey rhythmMargin1">Send before <strong>{deadline}</strong></p>
      <a href="/login.aspx?ReturnUrl=work/detail/{number}?apply=true" title="Send a Quote" \
class="module_btn  primary_btn">
       Send Quote
      </a>
     </div>
     <div class="record__header__action record__header__action--mobile">
      <a aria-label="View Job" class="module_btn lonely_btn outline_btn" href="{href}" >
       <i aria-hidden="true" data-icon="&#xf105" title="View Job"></i>
      </a>
     </div>
    </div>
    <div class="record__content record__content--noDivider">
     <div class="jobRecord__body">
      <p class="jobRecord__desc" v-pre>{description}</p>
      <div class="skillsList">
       <span class="skillsList__skill greyBackground">
        <i data-icon="&#xe003" aria-hidden="true"></i>
        <a class="darkGrey" style="font-weight: 600;" href="/d/jobs/c/{category}">{category_name}</a>
         </span>
        {sub} {skills}
      </div>
     </div>
     <div class="module_avatar sixtyfour freelancerAvatar">
      <div class="avatarinfo">
       <h3 class="identityName">
        <a @click="showEmpSummaryModal" style="font-weight: 600;">{client}</a>
        {verified}
       </h3>
       <p class="subtext freelancerAvatar__subText darkGrey"><strong>{country}</strong></p>
        <p class="darkGrey flex flex-center freelancerAvatar__meta">
        {spent} {feedback}
       </p>
      </div>
     </div>
    </div>
   </div>
  </div>
 </job-record>
</li>
"""

_DETAIL = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8" /><title>{title}</title>
<script type="application/ld+json">
{job}
</script></head>
<body>
<div class="jobHeading">
  <h1 class="jobHeading__title">{title}</h1>
  <div class="jobHeading__budget">{budget}</div>
  <div class="jobHeading__meta">Job ID: {number}</div>
  {state}
</div>
<job-applicants num-quotes="{bids}" num-invited="0" num-hired="0"></job-applicants>
<pre class="jobDetails__description">{description}</pre>
<div class="jobDetails__employer"><h3 class="identityName">{client}</h3>
<p class="freelancerAvatar__subText"><strong>{country}</strong></p></div>
</body>
</html>
"""

PLATFORM = Guru()
