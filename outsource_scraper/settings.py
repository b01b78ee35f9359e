"""Scrapy's settings, in the order of its own template, with the default beside each change.

What differs between machines comes from the environment through `config`, never from here.
"""

import sys

from scrapy.settings import default_settings

from outsource_scraper import user_agent
from outsource_scraper.config import Config
from outsource_scraper.errors import ConfigError

try:
    _config = Config.load()
except ConfigError as error:  # Scrapy would print the traceback of its own loader
    sys.exit(f"error: {error}")

BOT_NAME = "outsource_scraper"
SPIDER_MODULES = ["outsource_scraper.spiders"]
NEWSPIDER_MODULE = "outsource_scraper.spiders"
COMMANDS_MODULE = "outsource_scraper.commands"

# Manners

OUTSOURCE_CONTACT = _config.outsource_contact  # no platform is crawled without one; used by Introduction
USER_AGENT = user_agent(_config.outsource_contact)  # default "Scrapy/VERSION (+https://scrapy.org)"
ROBOTSTXT_OBEY = True  # default False
CONCURRENT_REQUESTS = 4  # default 16; SIGTERM waits for those under way, each after DOWNLOAD_DELAY
CONCURRENT_REQUESTS_PER_DOMAIN = 1  # default 8
DOWNLOAD_DELAY = 2  # default 0; every spider sets the delay of its platform
DOWNLOAD_TIMEOUT = 45  # default 180
DOWNLOAD_MAXSIZE = 64 * 2**20  # default 1 GiB; no listing page comes near it
RETRY_TIMES = 3  # default 2
RETRY_HTTP_CODES = [500, 502, 504, 522, 524, 408]  # default: 429 and 503 too, which BackoffMiddleware takes
BACKOFF_TIMES = 5  # refusals in a row after which a run ends as blocked; used by BackoffMiddleware
BACKOFF_BASE = 5.0  # seconds of the first wait, doubled for each further one; used by BackoffMiddleware
BACKOFF_MAX = 300.0  # seconds; a longer Retry-After is not waited for; used by BackoffMiddleware
CRAWL_DELAY_MAX = 60.0  # seconds; used by CrawlDelay

# Guards: CLOSESPIDER_TIMEOUT, _PAGECOUNT and _ERRORCOUNT are set by every spider, see `Platform.limits`

# Safety

DOWNLOAD_VERIFY_CERTIFICATES = True  # default False
TELNETCONSOLE_ENABLED = False  # default True
REMOTE_CONTROL_ENABLED = False  # default True
COOKIES_ENABLED = False  # default True; nothing is read behind a login
REFERRER_POLICY = "same-origin"  # default scrapy's, which tells other sites where one comes from

# Components

# Scrapy's own without what is off above: a None in EXTENSIONS would have their modules loaded too, and with
# them a web server and two clients.
EXTENSIONS_BASE = {
    name: order
    for name, order in default_settings.EXTENSIONS_BASE.items()
    if not name.endswith((".RemoteControl", ".TelnetConsole"))
}
DOWNLOADER_MIDDLEWARES_BASE = {
    name: order
    for name, order in default_settings.DOWNLOADER_MIDDLEWARES_BASE.items()
    if not name.endswith(".CookiesMiddleware")
}
ADDONS = {"outsource_scraper.sandbox.handler.SandboxAddon": 0}
DOWNLOADER_MIDDLEWARES = {
    # A response passes them from below: decompressed (590), then backoff, Scrapy's retries (550), and last
    # the judgement whether what is left is a wall.
    "outsource_scraper.middlewares.conditional.ConditionalMiddleware": 700,
    "outsource_scraper.middlewares.blocking.OffsiteRedirectMiddleware": 605,  # below RedirectMiddleware (600)
    "outsource_scraper.middlewares.manners.BackoffMiddleware": 560,
    # Before the judgement: an access token that ran out is renewed, and is no refusal.
    "outsource_scraper.middlewares.access_token.AccessTokenMiddleware": 545,
    "outsource_scraper.middlewares.blocking.BlockingMiddleware": 540,
}
SPIDER_MIDDLEWARES = {
    # Each is a generator more that everything a spider yields goes through.
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,  # default 800; drops without a trace
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,  # default 900; a listing is no tree
}
ITEM_PIPELINES = {
    "outsource_scraper.pipelines.validate.ValidatePipeline": 200,
    "outsource_scraper.pipelines.enrich.EnrichPipeline": 300,
    "outsource_scraper.pipelines.store.StorePipeline": 800,
}
EXTENSIONS = {
    "outsource_scraper.extensions.garbage.GarbageCollection": 10,
    "outsource_scraper.extensions.prompt_stop.PromptStop": 20,
    "outsource_scraper.middlewares.manners.CrawlDelay": 50,
    "outsource_scraper.middlewares.manners.Introduction": 60,
    "outsource_scraper.extensions.known.KnownProjects": 100,
    "outsource_scraper.extensions.page_memory.PageMemory": 110,
    "outsource_scraper.extensions.notice.Notices": 200,
    "outsource_scraper.extensions.run_report.RunReport": 900,
}

# The browser, for crawls that render

PLAYWRIGHT_ABORT_REQUEST = "outsource_scraper.middlewares.browser.unread"  # default None
PLAYWRIGHT_MAX_PAGES_PER_CONTEXT = 2  # default: CONCURRENT_REQUESTS
PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT = 45_000  # milliseconds; default 30 s
BROWSER_SANDBOX = _config.outsource_browser_sandbox  # used by BrowserDownloadHandler
BROWSER_WAIT = 15.0  # seconds for a page to show its postings; used by BrowserDownloadHandler

# Output

LOG_LEVEL = "INFO"  # default DEBUG
LOG_JSON = False  # one JSON object a line, as by --logformat json; used by the commands
FEED_EXPORT_ENCODING = "utf-8"  # default: JSON with \uXXXX
FEED_EXPORTERS = {"csv": "outsource_scraper.extensions.feeds.CsvExporter"}  # default: Scrapy's

# Project configuration

GC_THRESHOLD = 10_000  # objects, Python's default 700; used by GarbageCollection
DATABASE_URL = None  # read by Config.load as an override of the environment; for Scrapyd's `setting=`
DB_SCHEMA = None  # likewise
STORE_BATCH_SIZE = 2000  # items; used by StorePipeline
STORE_BATCH_LINGER = 0.05  # seconds a batch waits for more items; used by StorePipeline
CRAWL_FORCE = False  # crawl beside another crawl of the platform; used by StorePipeline
CRAWL_SEEN_RUN = None  # the last run that a schedule has seen; used by StorePipeline
STORE_TIMEOUT = 60.0  # seconds for one piece of work in the database; used by RunSession
STORE_RETRY_TIMES = 5  # used by RunSession
STORE_RETRY_DELAY = 0.5  # seconds before the first retry, doubled for each further one; used by RunSession
FREELANCER_TOKEN = _config.freelancer_token  # a SecretStr, which prints as asterisks; used by its spider
FREELANCEHUNT_TOKEN = _config.freelancehunt_token  # likewise
UPWORK_CLIENT_ID = _config.upwork_client_id  # used by the spider upwork
UPWORK_CLIENT_SECRET = _config.upwork_client_secret  # a SecretStr; used by the spider upwork
UPWORK_REFRESH_TOKEN = _config.upwork_refresh_token  # likewise
# A sandbox market that is crawled in the place of the platforms; used by SandboxAddon
SANDBOX_URL = _config.outsource_sandbox_url
