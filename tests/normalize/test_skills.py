"""Skills as tags say them, as prose mentions them, and what prose must never be taken to say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outsource_scraper.normalize.skills import (
    canonical_skill,
    canonical_skills,
    known_skills,
    skill_category,
    skills_in,
)

# What people of a language write, by what it means; names are parted by "; ".
TAGS = {
    "en": {
        "JavaScript": "javascript; JS; Java Script; ECMAScript; ES6; java-script",
        "TypeScript": "typescript; TS",
        "Node.js": "node js; NodeJS; node-js; node_js; NODE.JS; Node",
        "Vue.js": "vue; VueJS; Vue 3; vue.js",
        "Next.js": "nextjs; Next",
        "React": "reactjs; React.js; REACT",
        "React Native": "react-native; ReactNative",
        "Angular": "angular; Angular 2",
        "AngularJS": "angularjs; Angular.js",
        "PostgreSQL": "postgres; Postgre SQL; postgresql",
        "Microsoft SQL Server": "MSSQL; MS SQL; SQL Server",
        "SQL": "sql",
        "C": "c; C Programming",
        "C++": "c++; cpp; C++ Programming",
        "C#": "c#; C Sharp; C# Programming",
        "Objective-C": "objective c; ObjectiveC",
        ".NET": ".net; dotnet; .Net Framework",
        "ASP.NET": "asp.net; ASP NET; AspNet",
        "Go": "go; golang",
        "AWS": "Amazon Web Services; aws",
        "Machine Learning": "machine learning; ML; Machine Learning (ML)",
        "Graphic Design": "graphic design; Graphics Design; Graphic Designer",
        "Web Design": "Website Design; web-design; Webdesign",
        "Web Development": "Website Development; web developer",
        "Mobile App Development": "Mobile App Development; mobile apps",
        "Data Entry": "data entry; Data Typing",
        "Virtual Assistant": "virtual assistance; VA",
        "Unity": "Unity 3D; Unity3D",
        "Excel": "MS Excel; Microsoft Excel; excel",
        "CI/CD": "CI/CD; CICD; ci / cd",
        "UI/UX Design": "UI/UX; UX/UI; UI / UX",
        "Shell Script": "bash; Shell Scripting",
        "Web Scraping": "Data Scraping; web crawling; Scraping",
        "1C": "1C; 1C:Enterprise",
        "SEO": "Search Engine Optimization (SEO); seo",
    },
    "ko": {
        "React": "리액트; 리엑트",
        "JavaScript": "자바스크립트; 자바 스크립트",
        "Java": "자바",
        "Python": "파이썬",
        "Kotlin": "코틀린",
        "C": "C언어; C 언어",
        "Go": "Go 언어; 고랭",
        "Vue.js": "뷰",
        "Django": "장고",
        "Spring Boot": "스프링부트; 스프링 부트",
        "Web Development": "웹 개발; 웹개발; 홈페이지 제작",
        "Web Design": "웹 디자인; 웹디자인; 홈페이지 디자인",
        "Mobile App Development": "앱 개발; 어플 개발; 모바일 앱",
        "Android": "안드로이드",
        "HTML Markup": "퍼블리싱; 웹 퍼블리셔",
        "Back-End Development": "백엔드; 서버 개발",
        "Front-End Development": "프론트엔드",
        "Logo Design": "로고 디자인; 로고",
        "Translation": "번역",
        "English Translation": "영어 번역; 한영 번역",
        "Video Editing": "영상 편집; 동영상 편집",
        "E-Commerce": "쇼핑몰; 쇼핑몰 제작",
        "Web Scraping": "크롤링; 웹 크롤링",
        "Machine Learning": "머신러닝; 기계학습",
        "Data Analysis": "데이터 분석",
        "Figma": "피그마",
        "Photoshop": "포토샵",
        "Illustration": "일러스트",
        "Detail Page Design": "상세페이지",
        "Naver Smart Store": "스마트스토어",
        "Cafe24": "카페24",
        "eGovFrame": "전자정부프레임워크",
        "Data Entry": "데이터 입력",
        "Interpretation": "통역",
        "Product Management": "기획; 서비스 기획",
        "Copywriting": "카피라이팅",
    },
    "ru": {
        "JavaScript": "джаваскрипт",
        "Python": "Питон; пайтон",
        "1C": "1С; 1С:Предприятие; Программирование 1С",
        "Bitrix": "1С-Битрикс; Битрикс; 1С:Битрикс",
        "Bitrix24": "Битрикс24; Битрикс 24",
        "HTML Markup": "Вёрстка; верстка; Верстка сайтов",
        "Web Design": "Дизайн сайтов; Веб-дизайн; Web-дизайн",
        "Web Development": "Веб-программирование; Создание сайтов; Разработка сайтов",
        "Web Scraping": "Парсинг; парсинг данных; Сбор данных",
        "Copywriting": "Копирайтинг",
        "Rewriting": "Рерайтинг",
        "Translation": "Перевод текстов; Переводы",
        "English Translation": "Перевод с английского; Английский перевод",
        "Logo Design": "Логотипы; Разработка логотипа",
        "Branding": "Фирменный стиль; Айдентика",
        "Illustration": "Иллюстрации; Рисунки и иллюстрации",
        "Data Analysis": "Анализ данных",
        "Machine Learning": "Машинное обучение",
        "Telegram Bots": "Телеграм-бот; телеграм боты",
        "Chatbots": "Чат-боты; Чат-бот",
        "SEO": "Продвижение сайтов; Поисковое продвижение",
        "Yandex Direct": "Яндекс.Директ; Контекстная реклама",
        "Targeted Advertising": "Таргетолог; Таргетированная реклама",
        "Social Media Marketing": "СММ",
        "Video Editing": "Видеомонтаж; Монтаж видео",
        "Voice Over": "Озвучка; Диктор",
        "Wildberries": "Вайлдберриз",
        "Accounting": "Бухгалтерия; Бухгалтер",
        "Tilda": "Тильда",
        "Mobile App Development": "Мобильные приложения; Разработка мобильных приложений",
        "Landing Pages": "Лендинг; Посадочная страница",
        "Data Entry": "Ввод данных; Набор текста",
        "Interior Design": "Дизайн интерьеров",
        "CAD": "Чертежи",
        "Game Development": "Разработка игр",
    },
    "ja": {
        "Web Development": "Web制作; ホームページ制作; ウェブ開発",
        "Web Design": "Webデザイン; ウェブデザイン",
        "Mobile App Development": "アプリ開発; スマホアプリ開発",
        "Design": "デザイン",
        "Logo Design": "ロゴデザイン; ロゴ作成",
        "Translation": "翻訳",
        "English Translation": "英語翻訳; 英訳",
        "Content Writing": "ライティング; Webライター",
        "Article Writing": "記事作成; 記事執筆",
        "Data Entry": "データ入力",
        "Video Editing": "動画編集",
        "Illustration": "イラスト; イラスト制作",
        "Banner Design": "バナー作成; バナー",
        "Flyer Design": "チラシ作成; チラシ",
        "Transcription": "文字起こし",
        "WordPress": "ワードプレス; CMS・WordPress",
        "Python": "パイソン",
        "Machine Learning": "機械学習",
        "Web Scraping": "スクレイピング; クローリング",
        "Excel": "エクセル",
        "Presentation Design": "資料作成; パワーポイント資料作成",
        "SEO": "SEO対策",
        "Social Media Management": "SNS運用; SNS運用代行",
        "Proofreading": "校正; 文章校正",
        "Subtitling": "字幕",
        "Voice Over": "ナレーション",
        "Comics": "漫画; マンガ",
        "Photo Editing": "画像加工; 写真加工",
        "Virtual Assistant": "オンライン秘書",
        "Business Card Design": "名刺デザイン",
        "Game Development": "ゲーム開発",
        "HTML Markup": "コーディング",
        "jQuery": "JavaScript (jQuery)",
    },
    "de": {
        "Web Development": "Webentwicklung; Webentwickler; Homepage erstellen",
        "Web Design": "Webdesigner; Webseitengestaltung",
        "Software Development": "Softwareentwicklung; Anwendungsentwicklung",
        "Programming": "Programmierung; Programmierer",
        "Mobile App Development": "App-Entwicklung; Appentwicklung",
        "Database Development": "Datenbankentwicklung; Datenbanken",
        "Data Analysis": "Datenanalyse",
        "Machine Learning": "Maschinelles Lernen",
        "Artificial Intelligence": "Künstliche Intelligenz; Kunstliche Intelligenz",
        "Graphic Design": "Grafikdesign; Grafikdesigner; Mediengestaltung",
        "Logo Design": "Logodesign; Logo erstellen",
        "Packaging Design": "Verpackungsdesign; Etikettendesign",
        "Business Card Design": "Visitenkarten",
        "Brochure Design": "Broschüren; Katalogdesign",
        "Banner Design": "Bannerdesign",
        "Photo Editing": "Bildbearbeitung; Freistellen",
        "Photography": "Produktfotografie; Fotografie",
        "Illustration": "Illustrationen",
        "Interior Design": "Innenarchitektur",
        "Translation": "Übersetzung; Übersetzer; Fachübersetzungen",
        "English Translation": "Übersetzung Englisch",
        "Proofreading": "Korrekturlesen; Lektorat",
        "Copywriting": "Werbetexte; Texterstellung; Werbetexter",
        "Technical Writing": "Technische Dokumentation; Technische Redaktion",
        "Product Descriptions": "Produktbeschreibungen",
        "Ghostwriting": "Buch schreiben",
        "Data Entry": "Dateneingabe; Datenerfassung",
        "Virtual Assistant": "Virtuelle Assistenz",
        "Administrative Support": "Büroservice; Sekretariat",
        "Customer Support": "Kundenservice; Kundenbetreuung",
        "Accounting": "Rechnungswesen; Finanzbuchhaltung",
        "Bookkeeping": "Buchhaltung; Buchführung",
        "Tax Preparation": "Steuererklärung; Steuerberatung",
        "Payroll": "Lohnbuchhaltung",
        "Project Management": "Projektmanagement; Projektleitung; Projektleiter",
        "Business Consulting": "Unternehmensberatung",
        "Legal Services": "Rechtsberatung",
        "Market Research": "Marktforschung; Umfrage",
        "SEO": "Suchmaschinenoptimierung",
        "SEM": "Suchmaschinenmarketing",
        "Public Relations": "Öffentlichkeitsarbeit",
        "Sales": "Vertrieb",
        "Lead Generation": "Neukundengewinnung; Kaltakquise",
        "Video Editing": "Videobearbeitung; Videoschnitt",
        "Voice Over": "Sprecher; Vertonung",
        "System Administration": "Systemadministration",
        "Mechanical Engineering": "Maschinenbau",
        "Electrical Engineering": "Elektrotechnik",
        "Structural Engineering": "Tragwerksplanung",
        "CAD": "Technische Zeichnung",
        "Human Resources": "Personalwesen",
        "E-Commerce": "Onlineshop; Online Shop",
    },
    "fr": {
        "Web Development": "Développement web; Developpement web; Création de site internet; Développeur web",
        "Software Development": "Développement logiciel; Logiciel sur mesure",
        "Mobile App Development": "Application mobile; Développement d'applications mobiles",
        "Web Design": "Refonte de site; Webdesigner",
        "Graphic Design": "Graphisme; Graphiste; Infographiste",
        "Logo Design": "Création de logo",
        "Branding": "Charte graphique; Identité visuelle",
        "Brochure Design": "Plaquette commerciale; Dépliant",
        "Poster Design": "Création d'affiche",
        "Business Card Design": "Carte de visite",
        "Content Writing": "Rédaction; Rédaction web; Rédacteur web; Création de contenu",
        "Article Writing": "Rédaction d'articles; Articles de presse",
        "SEO Writing": "Rédaction SEO",
        "Technical Writing": "Rédaction technique",
        "Product Descriptions": "Fiche produit",
        "Proofreading": "Relecture; Correction de texte",
        "Translation": "Traduction; Traducteur",
        "English Translation": "Traduction anglais français",
        "Data Entry": "Saisie de données; Saisie",
        "Virtual Assistant": "Assistante virtuelle; Secrétaire indépendante",
        "Administrative Support": "Secrétariat",
        "Customer Support": "Service client; Relation client",
        "Accounting": "Comptabilité; Comptable",
        "Payroll": "Fiches de paie",
        "Legal Services": "Conseil juridique; Avocat",
        "Project Management": "Gestion de projet; Chef de projet",
        "SEO": "Référencement; Référencement naturel",
        "Social Media Management": "Gestion des réseaux sociaux",
        "Digital Marketing": "Webmarketing; Marketing en ligne",
        "Email Marketing": "Emailing; Campagne emailing",
        "Lead Generation": "Prospection commerciale; Génération de leads",
        "Market Research": "Étude de marché",
        "Recruitment": "Recrutement",
        "Video Editing": "Montage vidéo; Monteur vidéo",
        "Video Production": "Production vidéo; Vidéaste",
        "Voice Over": "Voix off; Voix-off; Doublage",
        "Photo Editing": "Retouche photo; Détourage",
        "Photography": "Photographe",
        "3D Modeling": "Modélisation 3D",
        "Interior Design": "Décoration d'intérieur",
        "Architecture": "Architecte; Plan de maison",
        "CAD": "Dessin technique; Dessinateur",
        "Civil Engineering": "Génie civil",
        "Machine Learning": "Apprentissage automatique",
        "Artificial Intelligence": "Intelligence artificielle",
        "Data Analysis": "Analyse de données",
        "Web Scraping": "Extraction de données",
        "E-Commerce": "Boutique en ligne; Site e-commerce",
        "Cybersecurity": "Sécurité informatique",
    },
    "es": {
        "Web Development": "Desarrollo web; Programación web; Página web",
        "Web Design": "Diseño web; Diseño de páginas web; Diseno web",
        "Software Development": "Desarrollo de software; Ingeniería de software",
        "Mobile App Development": "Desarrollo móvil; Aplicaciones móviles",
        "Programming": "Programación; Programador",
        "Graphic Design": "Diseño gráfico; Diseñador gráfico",
        "Logo Design": "Diseño de logotipo; Logotipo",
        "Branding": "Identidad corporativa; Identidad visual",
        "Flyer Design": "Diseño de flyers",
        "Brochure Design": "Folletos; Diseño de catálogos",
        "Packaging Design": "Diseño de empaques; Diseño de etiquetas",
        "Social Media Design": "Diseño para redes sociales",
        "Illustration": "Ilustración; Ilustrador",
        "Interior Design": "Diseño de interiores",
        "Fashion Design": "Diseño de moda",
        "Industrial Design": "Diseño industrial",
        "Content Writing": "Redacción; Redacción de contenidos; Creación de contenido",
        "Article Writing": "Redacción de artículos",
        "Copywriting": "Redacción publicitaria",
        "Translation": "Traducción; Traductor",
        "English Translation": "Traducción inglés español",
        "Proofreading": "Corrección de textos; Corrección de estilo",
        "Transcription": "Transcripción",
        "Data Entry": "Entrada de datos; Ingreso de datos; Digitación",
        "Virtual Assistant": "Asistente virtual",
        "Customer Support": "Atención al cliente; Servicio al cliente",
        "Accounting": "Contabilidad; Contador",
        "Tax Preparation": "Declaración de impuestos",
        "Legal Services": "Asesoría legal; Abogado",
        "Project Management": "Gestión de proyectos; Jefe de proyecto",
        "Marketing Strategy": "Estrategia de marketing",
        "Social Media Marketing": "Marketing en redes sociales",
        "Social Media Management": "Gestión de redes sociales; Manejo de redes sociales",
        "SEO": "Posicionamiento web",
        "Market Research": "Investigación de mercado; Encuestas",
        "Sales": "Ventas; Vendedor",
        "Recruitment": "Selección de personal",
        "Human Resources": "Recursos humanos",
        "Video Editing": "Edición de video; Edición de vídeos",
        "Voice Over": "Locución; Voz en off",
        "Photo Editing": "Retoque fotográfico; Edición de fotos",
        "Photography": "Fotografía",
        "Animation": "Animación; Animación 2D",
        "3D Modeling": "Modelado 3D",
        "Architecture": "Diseño arquitectónico; Arquitecto",
        "Civil Engineering": "Ingeniería civil",
        "CAD": "Dibujo técnico",
        "Data Analysis": "Análisis de datos",
        "Machine Learning": "Aprendizaje automático",
        "Artificial Intelligence": "Inteligencia artificial",
        "E-Commerce": "Tienda online; Tienda virtual; Comercio electrónico",
        "Technical Support": "Soporte técnico",
    },
}  # fmt: skip
ROWS = [
    pytest.param(name, skill, id=f"{language}: {name}")
    for language, table in TAGS.items()
    for skill, names in table.items()
    for name in names.split("; ")
]


@pytest.mark.parametrize(("name", "skill"), ROWS)
def test_a_tag_of_any_language_has_one_canonical_name(name: str, skill: str) -> None:
    assert canonical_skill(name) == skill


@pytest.mark.parametrize(
    ("name", "skill"),
    [
        ("PHP 8", "PHP"),
        ("php8.2", "PHP"),
        ("Python3", "Python"),
        ("Python 3.11", "Python"),
        ("Angular 17", "Angular"),
        ("Angular 2+", "Angular"),
        ("HTML5", "HTML"),
        ("CSS3", "CSS"),
        ("Vue3", "Vue.js"),
        ("Java 17", "Java"),
        ("C++17", "C++"),
        ("Laravel v10", "Laravel"),
        ("Django 4.x", "Django"),
        ("C99", "C"),
        ("1С 8.3", "1C"),
        ("Web3", "Web3"),
        ("3D", "3D Modeling"),
        ("C1", "C1"),
        ("English C1", "English C1"),
        ("Boeing 747", "Boeing 747"),
    ],
)
def test_a_version_is_left_out_of_known_names_only(name: str, skill: str) -> None:
    assert canonical_skill(name) == skill


@pytest.mark.parametrize(
    ("name", "skill"),
    [
        ("Photoshop (advanced)", "Photoshop"),
        ("Natural Language Processing (NLP)", "Natural Language Processing"),
        ("Basket weaving (willow)", "Basket weaving (willow)"),
    ],
)
def test_a_remark_in_brackets_is_left_out_of_known_names_only(name: str, skill: str) -> None:
    assert canonical_skill(name) == skill


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Java", "JavaScript"),
        ("React", "React Native"),
        ("Web Design", "Web Development"),
        ("SQL", "PostgreSQL"),
        ("C", "C++"),
        ("C", "C#"),
        ("C", "Objective-C"),
        (".NET", "ASP.NET"),
        ("Angular", "AngularJS"),
        ("Spring", "Spring Boot"),
        ("Bitrix", "Bitrix24"),
        ("Unity", "Unit Testing"),
    ],
)
def test_distinct_things_stay_distinct(one: str, other: str) -> None:
    assert canonical_skill(one) == one
    assert canonical_skill(other) == other


@pytest.mark.parametrize("name", ["", "   ", "42", "3.14", "+++", "—", "🚀", "\u200b", "x" * 81])
def test_what_is_no_skill_is_none(name: str) -> None:
    assert canonical_skill(name) is None


def test_an_unknown_name_is_kept_as_written_with_its_whitespace_folded() -> None:
    assert canonical_skill("  Basket \n Weaving ") == "Basket Weaving"
    assert canonical_skill("x" * 80) == "x" * 80


def test_full_width_letters_are_letters() -> None:
    assert canonical_skill("ＨＴＭＬ") == "HTML"
    assert canonical_skill("ﾃﾞｻﾞｲﾝ") == "Design"


@pytest.mark.parametrize(
    ("names", "skills"),
    [
        (None, []),
        ("", []),
        ([], []),
        ("react, node js;PHP|css\nReactJS · Figma", ["React", "Node.js", "PHP", "CSS", "Figma"]),
        ("C, C++, C#", ["C", "C++", "C#"]),
        ("CI/CD, TCP/IP, UI/UX, PL/SQL", ["CI/CD", "TCP/IP", "UI/UX Design", "PL/SQL"]),
        ("React/Vue, C/C++", ["React", "Vue.js", "C", "C++"]),
        ("A/B", ["A/B"]),
        ("React/Zorbling", ["React/Zorbling"]),
        ("Weaving, weaving, WEAVING", ["Weaving"]),
        (["Weaving", "golang", None, 7, "Go", "", "React"], ["Weaving", "Go", "React"]),
        (["HTML/CSS", "css3"], ["HTML", "CSS"]),
        (("js" for _ in range(3)), ["JavaScript"]),
    ],
)
def test_lists_keep_their_order_and_name_each_skill_once(names: object, skills: list[str]) -> None:
    assert canonical_skills(names) == skills  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "skills"),
    [
        ("A React Native app with a Node.js back-end.", ["React Native", "Node.js", "Back-End Development"]),
        ("One backend, two front ends? A full stack job", ["Back-End Development", "Full Stack Development"]),
        ("Looking for someone who knows HTML5/CSS3 and Vue3", ["HTML", "CSS", "Vue.js"]),
        ("Senior C++/C# developer, .NET and ASP.NET.", ["C++", "C#", ".NET", "ASP.NET"]),
        ("Experience with Golang, MS Excel and Unity 3D required", ["Go", "Excel", "Unity"]),
        ("python3.11 scripts on AWS (Docker)", ["Python", "AWS", "Docker"]),
        ("Java Script or TypeScript", ["JavaScript", "TypeScript"]),
        ("REACT, react, ReactJS", ["React"]),
        ("리액트로 만든 화면을 파이썬과 장고로 연결합니다", ["React", "Python", "Django"]),
        ("React로 개발하고 Go 언어를 씁니다", ["React", "Go"]),
        ("자바스크립트를 잘 아는 분", ["JavaScript"]),
        ("웹개발을 맡기고 싶습니다. 웹 디자인은 됐습니다", ["Web Development", "Web Design"]),
        ("엑셀로 정리하고 피그마에서 확인", ["Excel", "Figma"]),
        ("Нужна вёрстка сайта на Битрикс, интеграция с 1С", ["HTML Markup", "Bitrix", "1C"]),
        ("Опыт парсинга и написания телеграм-ботов", ["Web Scraping", "Telegram Bots"]),
        ("Настроить Яндекс.Директ и ВК", ["Yandex Direct"]),
        ("企業のホームページ制作と英語翻訳業務をお願いします", ["Web Development", "English Translation"]),
        ("Webデザインと動画編集の経験者", ["Web Design", "Video Editing"]),
        ("新規アプリ開発案件です", ["Mobile App Development"]),
        ("Gesucht: Webentwicklung mit PHP, dazu Übersetzung", ["Web Development", "PHP", "Translation"]),
        ("Développement d'une API REST, rédaction d'articles", ["Article Writing"]),
        ("Necesito diseño gráfico y edición de video", ["Graphic Design", "Video Editing"]),
    ],
)  # fmt: skip
def test_prose_names_its_skills_in_order(text: str, skills: list[str]) -> None:
    assert skills_in(text) == skills


@pytest.mark.parametrize(
    "text",
    [
        "Let's go and make it happen",
        "Our R&D team",
        "Vitamin C supplements, grade A or C",
        "we excel at what we do",
        "you will have access to the server",
        "in other words, a word about the price",
        "a swift and express delivery in spring",
        "rust on the dart, a sketch of unity",
        "the scheme of assembly, a flask",
        "users react to the news",
        "see https://figma.com/wordpress/react and www.python.org",
        "write to jobs@react.com",
        "the web. Design comes later, data - entry fee 5 USD",
        "за 1 с половиной часа",
        "перевод денег на карту, озвучить цену",
        "엑셀러레이터 프로그램에 참여합니다",
        "영업일 기준 3일, 이력서를 보내 주세요",
        "営業時間は9時から、事務所は東京です",
        "",
        "   ",
    ],
)
def test_plain_words_are_no_skills(text: str) -> None:
    assert skills_in(text) == []


def test_the_longest_name_wins() -> None:
    assert skills_in("JavaScript") == ["JavaScript"]
    assert skills_in("Spring Boot") == ["Spring Boot"]
    assert skills_in("Objective-C") == ["Objective-C"]
    assert skills_in("자바스크립트") == ["JavaScript"]


def test_no_text_names_no_skill() -> None:
    assert skills_in(None) == []


def test_only_the_first_5000_characters_are_read() -> None:
    assert skills_in("a " * 2_490 + "Docker") == ["Docker"]
    assert skills_in("a " * 2_500 + "Docker") == []


def test_the_end_of_what_is_read_cuts_no_word_in_two() -> None:
    assert skills_in("a " * 2_498 + "JavaScript") == []
    assert skills_in(" " * 6_000) == []


def test_the_category_is_told_under_any_name() -> None:
    assert skill_category("리액트") == "frontend"
    assert skill_category("golang") == "language"
    assert skill_category("Basket weaving") is None
    assert skill_category("") is None


# Pieces of names, so that chance meets what the dictionary holds.
PIECES = st.sampled_from([
    "React", "react ", "native", "node", "js", "C", "C++", "#", "+", ".NET", ".", "-", "/", "·", " ", "\n",
    "@", "3", "17", "1С", "웹 ", "개발", "리액트", "를", "верстка", "сайта", "ё", "翻訳", "デザイン", "ー",
    "(", ")", "https://", "é", "\u0301", "🚀", "\x00", "İ",
])  # fmt: skip
TEXTS = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=40).map("".join))


@given(TEXTS)
def test_canonical_names_are_stable(text: str) -> None:
    once = canonical_skill(text)
    assert once is None or canonical_skill(once) == once


@given(TEXTS)
def test_found_skills_are_known_and_named_once(text: str) -> None:
    found = skills_in(text)
    assert len(found) == len(set(found))
    assert set(found) <= known_skills()


@given(st.one_of(TEXTS, st.lists(st.one_of(TEXTS, st.integers(), st.none()))))
def test_lists_are_stable_and_without_duplicates(names: str | list[object]) -> None:
    skills = canonical_skills(names)
    assert len({skill.casefold() for skill in skills}) == len(skills)
    assert canonical_skills(skills) == skills


@given(st.lists(st.sampled_from(sorted(known_skills())), unique=True))
def test_canonical_names_keep_their_order(skills: list[str]) -> None:
    assert canonical_skills(skills) == skills


@given(st.lists(st.sampled_from(["React", "Docker", "PostgreSQL", "웹 개발", "翻訳", "верстка"]), max_size=6))
def test_prose_is_read_in_order(names: list[str]) -> None:
    assert skills_in(", ".join(names)) == canonical_skills(names)
