"""How Guru.com writes a posting: the cards of the listing, and the page of a job with its JSON-LD."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from outsource_scraper.sandbox.markup import (
    amount,
    country_name,
    excerpt,
    page_window,
    script_json,
    slug,
    text,
    whole,
)

if TYPE_CHECKING:
    from outsource_scraper.sandbox.model import Posting

CUT = 200
HOUR = timedelta(hours=1)
CATEGORIES = {
    "web": ("Programming & Development", "Web Development & Design"),
    "mobile": ("Programming & Development", "Mobile Development"),
    "data": ("Programming & Development", "Database Design"),
    "ai": ("Programming & Development", None),
    "server": ("Programming & Development", "Software Development"),
    "design": ("Design & Art", "Graphic & Layout Design"),
    "content": ("Writing & Translation", "Articles"),
}
"""Category and, where there is one, subcategory of a topic; their slugs stand in the addresses."""
TERMS = (("1-3 months", 90), ("3-6 months", 180), ("6+ months", 180))
"""Terms of hourly work, and the days of the longest month count that each states."""


def path_of(posting: Posting) -> str:
    """The path of a job's page."""
    return f"/jobs/{slug(posting.original_title)}/{posting.number}"


def midnight(instant: datetime) -> datetime:
    """The beginning of its day in UTC: all that the page tells of it."""
    return instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _stamp(instant: datetime) -> str:
    return f"{midnight(instant):%Y-%m-%dT%H:%M:%S}.0000000+00:00"


def percent(rating: float) -> str:
    """A rating of 0 to 5 as the page writes it."""
    return f"{rating * 20:.1f}".removesuffix(".0")


def _date(instant: datetime) -> str:
    return f"{instant:%b} {instant.day}, {instant.year}"


def _age(posting: Posting, now: datetime) -> str:
    age = now - posting.posted_at
    if not timedelta() <= age < timedelta(days=1):
        return f"on {_date(posting.posted_at)}"
    hours, minutes = whole(age, HOUR), whole(age, timedelta(minutes=1))
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
    term, _ = TERMS[posting.number % 3]
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


def card(posting: Posting, now: datetime) -> str:
    """One card of the listing."""
    client = posting.client
    category_name, sub_name = CATEGORIES[posting.topic]
    category = slug(category_name)
    badge = '<div class="jobRecord__badge"><span class="module_badge">FEATURED</span></div>'
    return _CARD.format(
        number=posting.number,
        employer=client.number,
        title=text(posting.title),
        href=f"{path_of(posting)}&SearchUrl=search.aspx?",
        age=_age(posting, now),
        quotes=_quotes(posting),
        badge=badge if posting.share("featured") < 0.1 else "",
        budget=_budget(posting),
        deadline=_date(posting.deadline_at or posting.posted_at),
        description=text(excerpt(posting.description, CUT, "\0")).replace("\0", "&hellip;"),
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
        feedback="" if client.rating is None else _FEEDBACK.format(percent=percent(client.rating)),
        verified='<i class="greenIcon" title="Payment Method Verified" aria-hidden="true"></i>'
        if client.verified
        else "",
    )


def pager(base: str, current: int, last: int) -> str:
    """The links to the pages of a listing at the path `base`."""

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


def detail_page(posting: Posting) -> str:
    """The page of one job."""
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


LISTING = """<!DOCTYPE html>
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
