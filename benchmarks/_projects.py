"""Made-up projects of a realistic shape: about 2 kB, mostly Korean text, skills, a budget and leftovers."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from outsource_scraper.items import PaymentType, Project, Status, WorkType

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)

_SUBJECTS = (
    "쇼핑몰",
    "예약 관리 시스템",
    "물류 대시보드",
    "교육용 앱",
    "사내 그룹웨어",
    "챗봇",
    "결제 모듈",
    "ERP",
)
_VERBS = ("구축", "리뉴얼", "유지보수", "고도화", "신규 개발", "데이터 이전", "API 연동", "디자인 개편")
_SENTENCES = (
    "기획서와 화면 설계서는 준비되어 있으며 계약 후 바로 전달드립니다.",
    "관리자 페이지에서는 회원, 주문, 정산 내역을 한눈에 볼 수 있어야 합니다.",
    "기존 서버는 오래된 프레임워크로 작성되어 있어 단계적인 교체를 원합니다.",
    "주 1회 온라인 회의로 진행 상황을 공유하고 결과물은 저장소로 관리합니다.",
    "모바일 화면을 먼저 고려한 반응형 디자인을 선호합니다.",
    "비슷한 규모의 프로젝트를 끝까지 운영해 보신 분을 우대합니다.",
    "The staging environment is ready and deployments are automated.",
    "하자 보수 기간은 검수 완료일로부터 세 달입니다.",
    "개인정보를 다루므로 보안 점검 항목을 모두 통과해야 합니다.",
    "외부 결제사와 알림 서비스를 연동한 경험이 꼭 필요합니다.",
)
_SKILLS = (
    "React", "Vue.js", "TypeScript", "Python", "Django", "FastAPI", "PostgreSQL", "AWS", "Docker", "Java",
    "Spring", "Kotlin", "Swift", "Flutter", "Figma", "Node.js", "PHP", "Laravel", "Kubernetes", "Redis",
)  # fmt: skip
_CATEGORIES = ("개발", "디자인", "기획", "마케팅", "데이터")


def projects(count: int, *, platform: str = "sample", first: int = 0, seed: int = 7) -> Iterator[Project]:
    """Yield `count` projects of `platform`, numbered from `first`; the same seed gives the same ones."""
    chance = random.Random(seed + first)
    for number in range(first, first + count):
        low = Decimal(chance.randrange(10, 900) * 100_000)
        posted = NOW - timedelta(minutes=chance.randrange(60 * 24 * 30))
        yield Project(
            platform=platform,
            external_id=str(100_000 + number),
            url=f"https://market.example/projects/{100_000 + number}",
            title=f"{chance.choice(_SUBJECTS)} {chance.choice(_VERBS)} {number}호",
            description=" ".join(chance.choices(_SENTENCES, k=chance.randrange(14, 22))),
            category=chance.choice(_CATEGORIES),
            skills=chance.sample(_SKILLS, k=chance.randrange(2, 8)),
            budget_min=low,
            budget_max=low * chance.randrange(1, 4),
            currency="KRW",
            payment_type=PaymentType.FIXED,
            work_type=chance.choice((WorkType.REMOTE, WorkType.ONSITE)),
            location="서울 강남구",
            country="KR",
            language="ko",
            posted_at=posted,
            deadline_at=posted + timedelta(days=chance.randrange(7, 30)),
            duration_days=chance.randrange(10, 200),
            status=Status.OPEN,
            bids_count=chance.randrange(40),
            client_name=f"클라이언트 {chance.randrange(5000)}",
            client_rating=Decimal(chance.randrange(30, 50)) / 10,
            client_verified=chance.random() < 0.5,
            project_metadata={"views": chance.randrange(900), "badge": "NEW", "interview": "온라인"},
        )
