# The image of a crawler; the database is a server of its own, named by DATABASE_URL.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY scrapy.cfg pyproject.toml ./
COPY outsource_scraper outsource_scraper
RUN useradd --system --create-home outsource
USER outsource

# Exec form: scrapy itself gets the signals and ends the crawl with everything stored.
ENTRYPOINT ["scrapy"]
CMD ["platforms"]
