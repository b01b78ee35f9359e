# The images of outsource_scraper. Targets, of which the last is the default:
#
#   browser   all platforms, those too whose pages only a browser shows
#   scrapyd   `browser` as a service that starts crawls on request
#   crawler   no browser, and a third of the size
#
# What is to be kept is in /data. The tests build and run all of it, on the same Python and the same Debian.
ARG BASE=docker.io/library/python:3.11-slim-bookworm
ARG VERSION=unknown
ARG REVISION=unknown

# What is installed. pip has an environment of its own, so that no image holds it.
FROM ${BASE} AS build
RUN python3 -m venv /opt/pip && python3 -m venv --without-pip /opt/venv
WORKDIR /src
COPY requirements.txt .
RUN /opt/pip/bin/pip --python /opt/venv/bin/python install --disable-pip-version-check --no-cache-dir \
        --no-compile --only-binary :all: --require-hashes --requirement requirements.txt \
    && /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/venv

FROM build AS build-crawler
RUN /opt/pip/bin/pip --python /opt/venv/bin/python uninstall --yes playwright scrapy-playwright

# What scrapyd needs besides, in the versions and with the hashes of the development environment.
FROM build AS build-scrapyd
COPY requirements-dev.txt .
RUN sed -n '/^\(scrapyd\|setuptools\)==/,/[^\\]$/p' requirements-dev.txt > requirements-scrapyd.txt \
    && /opt/pip/bin/pip --python /opt/venv/bin/python install --disable-pip-version-check --no-cache-dir \
        --no-compile --only-binary :all: --require-hashes --no-deps --prefix /opt/scrapyd \
        --requirement requirements-scrapyd.txt \
    && /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/scrapyd

FROM build AS app
COPY outsource_scraper /app/outsource_scraper
RUN /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /app

# What all images have in common. The user's group is root's, as platforms expect that choose the user id
# themselves: whoever it is may write in /data and nowhere else.
FROM ${BASE} AS runtime
LABEL org.opencontainers.image.title=outsource_scraper
RUN useradd --uid 10001 --gid 0 --no-create-home --home-dir /data outsource \
    && install --directory --owner 10001 --group 0 --mode 0770 /data
COPY --chmod=0755 deploy/every /usr/local/bin/every
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SCRAPY_SETTINGS_MODULE=outsource_scraper.settings \
    OUTSOURCE_DATA_DIR=/data \
    HOME=/data
WORKDIR /data
VOLUME /data
USER 10001:0
# Exec form: scrapy itself gets the signals and ends the crawl with everything stored.
ENTRYPOINT ["scrapy"]
CMD ["platforms"]

# libatomic1 is what the program needs that drives the browser, Playwright's own Node.
FROM runtime AS browser
USER root
RUN apt-get update \
    && apt-get install --yes --no-install-recommends chromium libatomic1 \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/*
USER 10001:0
# Container engines refuse Chromium the namespaces of its own sandbox: the container is the sandbox.
ENV OUTSOURCE_BROWSER_SANDBOX=false
COPY --from=build /opt/venv /opt/venv
COPY --from=app /app /app
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.version=${VERSION} org.opencontainers.image.revision=${REVISION}

FROM browser AS scrapyd
COPY --from=build-scrapyd /opt/scrapyd /opt/venv
COPY deploy/scrapyd.conf /etc/scrapyd/scrapyd.conf
ENV SCRAPYD_BIND_ADDRESS=0.0.0.0 SCRAPYD_HTTP_PORT=6800
EXPOSE 6800
HEALTHCHECK CMD ["python", "-c", "from os import environ as e; from urllib.request import urlopen; urlopen(f'http://127.0.0.1:{e[\"SCRAPYD_HTTP_PORT\"]}/daemonstatus.json', timeout=5)"]
# No file with a process id: the next container's scrapyd would take it for another one that still runs.
ENTRYPOINT ["scrapyd", "--pidfile="]
CMD []

FROM runtime AS crawler
COPY --from=build-crawler /opt/venv /opt/venv
COPY --from=app /app /app
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.version=${VERSION} org.opencontainers.image.revision=${REVISION}
