"""The market: which postings stand open on a platform at an instant, as a function of seed and time.

Nothing is stored that could not be computed again. Postings of a platform are counted from the market's
first hour; posting `k` arrives within the `k`-th interval, so numbers grow with time and any instant can be
looked at directly.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from outsource_scraper.sandbox.lives import Draft, Life, draft, live, mean_open_seconds
from outsource_scraper.sandbox.model import Budget, Posting

if TYPE_CHECKING:
    from collections.abc import Callable

    from outsource_scraper.sandbox.clock import MarketClock
    from outsource_scraper.sandbox.model import Profile

FIRST_HOUR = datetime(2020, 1, 1, tzinfo=UTC)
_LAST_HOUR = datetime(2100, 1, 1, tzinfo=UTC)
_NUMBERS_PER_POSTING = 3
"""Numbers have gaps, as the platforms' have."""
_LONGEST_LIFE = timedelta(days=6)
"""Longer than any life with its pause and its lingering: postings older than this need no look."""


@dataclass(frozen=True, slots=True)
class View:
    """What one platform shows at one instant."""

    now: datetime
    postings: tuple[Posting, ...]
    """In the order of the listing, newest first; closed ones only where the platform lets them linger."""
    total: int
    """The number of results that the listing claims."""
    changed_at: datetime
    """The last instant at which the listing changed otherwise than by ages and proposals."""

    def only(self, keep: Callable[[Posting], bool]) -> View:
        """The listing of those postings alone for which `keep` holds, with their own total."""
        kept = tuple(posting for posting in self.postings if keep(posting))
        return replace(self, postings=kept, total=len(kept))

    def page(self, number: int, per_page: int) -> tuple[Posting, ...]:
        """The postings of page `number`, counted from 1."""
        return self.postings[(number - 1) * per_page : number * per_page] if number >= 1 else ()

    def pages(self, per_page: int) -> int:
        """How many pages the listing claims to have, at least one."""
        return max(1, -(-self.total // per_page))


@dataclass(frozen=True, slots=True)
class Changes:
    """Numbers of the postings that differ between two instants; each list ascends."""

    new: list[int]
    changed: list[int]
    closed: list[int]
    reopened: list[int]


class Market:
    """Postings of all platforms for one `seed`, about `size` of them open on each.

    `clock` says which instant is now. The market moves in whole minutes so that all pages of a minute agree.
    """

    def __init__(self, seed: int, clock: MarketClock, *, size: int = 120) -> None:
        if size < 1:
            raise ValueError(f"size is {size}: a market has at least one posting")
        self.seed = seed
        self.clock = clock
        self.size = size
        self._intervals: dict[str, float] = {}
        self._lives: dict[str, OrderedDict[int, Life]] = {}
        self._drafts: dict[str, OrderedDict[int, Draft]] = {}
        self._views: dict[str, View] = {}

    def now(self) -> datetime:
        """The clock's instant in whole minutes. Raises ValueError before the market's first hour."""
        now = self.clock.now().replace(second=0, microsecond=0)
        self.check(now)
        return now

    @staticmethod
    def check(instant: datetime) -> None:
        """Raise ValueError where there is no market at `instant`."""
        if not datetime(FIRST_HOUR.year + 1, 1, 1, tzinfo=UTC) <= instant < _LAST_HOUR:
            raise ValueError(
                f"the market lasts from {FIRST_HOUR.year + 1} to {_LAST_HOUR.year - 1}: move the clock there"
            )

    def view(self, profile: Profile, at: datetime | None = None) -> View:
        """What the platform shows at `at`, or now."""
        instant = self.now() if at is None else at
        known = self._views.get(profile.name)
        if known is None or known.now != instant:
            known = self._look(profile, instant)
            if at is None:
                self._views[profile.name] = known
        return known

    def find(self, profile: Profile, number: int, at: datetime | None = None) -> Posting | None:
        """The posting `number` as it stands at `at` (or now), open or closed; None if there is none yet."""
        instant = self.now() if at is None else at
        index, gap = divmod(number - profile.first_id, _NUMBERS_PER_POSTING)
        if (
            index < 0
            or gap != self._life(profile, index).gap
            or self._life(profile, index).posted_at > instant
        ):
            return None
        return self._posting(profile, index, instant)

    def changes(self, profile: Profile, since: datetime, until: datetime | None = None) -> Changes:
        """What happened to the open postings after `since` up to `until` (or now)."""
        then = {p.number: p for p in self.view(profile, since).postings if not p.closed}
        later = self.view(profile, until)
        now = {p.number: p for p in later.postings if not p.closed}
        arrived = sorted(now.keys() - then.keys())
        return Changes(
            new=[number for number in arrived if now[number].posted_at > since],
            changed=sorted(n for n in now.keys() & then.keys() if now[n].content() != then[n].content()),
            closed=sorted(then.keys() - now.keys()),
            reopened=[number for number in arrived if now[number].posted_at <= since],
        )

    def _look(self, profile: Profile, now: datetime) -> View:
        linger = timedelta(hours=profile.linger_hours)
        listed: list[Posting] = []
        changed_at = FIRST_HOUR
        last = int((now - FIRST_HOUR).total_seconds() / self._interval(profile))
        first = int((now - _LONGEST_LIFE - FIRST_HOUR).total_seconds() / self._interval(profile))
        for index in range(last, first - 1, -1):
            life = self._life(profile, index)
            if life.posted_at > now:
                continue
            changed_at = max(changed_at, life.last_event(now, linger))
            if life.open_at(now) or life.lingers_at(now, linger):
                listed.append(self._posting(profile, index, now))
        # Reopened postings go to the top, as on the platforms; the number decides between equals.
        listed.sort(key=lambda posting: (posting.active_at, posting.number), reverse=True)
        return View(now=now, postings=tuple(listed), total=len(listed), changed_at=changed_at)

    def _interval(self, profile: Profile) -> float:
        if profile.name not in self._intervals:
            self._intervals[profile.name] = mean_open_seconds(profile) / self.size
        return self._intervals[profile.name]

    def _key(self, profile: Profile, index: int) -> str:
        return f"{self.seed}/{self.size}/{profile.name}/{index}"

    def _life(self, profile: Profile, index: int) -> Life:
        lives = self._lives.setdefault(profile.name, OrderedDict())
        if index not in lives:
            chance = Random(f"{self._key(profile, index)}/life")
            interval = self._interval(profile)
            seconds = int((index + chance.random()) * interval)
            lives[index] = live(profile, chance, FIRST_HOUR + timedelta(seconds=seconds))
            self._forget(lives, interval)
        return lives[index]

    def _draft(self, profile: Profile, index: int) -> Draft:
        drafts = self._drafts.setdefault(profile.name, OrderedDict())
        if index not in drafts:
            chance = Random(f"{self._key(profile, index)}/draft")
            drafts[index] = draft(profile, chance, self.seed)
            self._forget(drafts, self._interval(profile))
        return drafts[index]

    @staticmethod
    def _forget(known: OrderedDict[int, Life] | OrderedDict[int, Draft], interval: float) -> None:
        """Keep what two looks need: a market that runs for months must not grow."""
        if len(known) > 1000 + 3 * _LONGEST_LIFE.total_seconds() / interval:
            known.popitem(last=False)

    def _posting(self, profile: Profile, index: int, now: datetime) -> Posting:
        life = self._life(profile, index)
        base = self._draft(profile, index)
        done = life.edits[: bisect_right(life.edits, now, key=lambda edit: edit.at)]
        kinds = {edit.kind for edit in done}
        extended = "deadline" in kinds
        age = min(now, life.closes_at) - life.posted_at
        grown = age / (age + timedelta(hours=10)) if age else 0.0
        bids = int(base.final_bids * grown)
        return Posting(
            key=self._key(profile, index),
            number=profile.first_id + index * _NUMBERS_PER_POSTING + life.gap,
            title=f"{base.wording.title} {base.title_edit}" if "title" in kinds else base.wording.title,
            original_title=base.wording.title,
            description=base.wording.description,
            topic=base.wording.topic,
            language=base.language,
            skills=base.wording.skills,
            budget=_budget(base, raised="budget" in kinds),
            duration_days=base.duration_days,
            place=base.place,
            country=base.country,
            client=base.client,
            posted_at=life.posted_at,
            active_at=life.active_at(now),
            edited_at=done[-1].at if done else None,
            deadline_at=life.extended_deadline_at if extended else life.deadline_at,
            closed=not life.open_at(now),
            bids=bids,
            views=17 * bids + int(60 * grown),
        )


def _budget(base: Draft, *, raised: bool) -> Budget | None:
    if not base.ladder.steps:
        return None
    low, high = base.ladder.steps[base.step + 1 if raised else base.step]
    return Budget(unit=base.ladder.unit, currency=base.ladder.currency, low=low, high=high)
