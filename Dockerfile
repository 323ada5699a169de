# syntax=docker/dockerfile:1

# --- The style sheet and the hashed static files; the tools for them stay in this stage.
FROM python:3.11-slim-trixie AS assets
WORKDIR /app
COPY requirements requirements
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/dev.txt
COPY . .
RUN python -m totetaxi.dev.assets && python manage.py collectstatic --no-input --verbosity 0
# What production does not need: tools, stand-ins, what they wrote.
RUN rm -rf totetaxi/dev payments/sandbox logistics/sandbox totetaxi/lib/standin requirements .local/stamps \
    && find . -name __pycache__ -prune -exec rm -rf {} +

# --- What runs: web, queue and release alike
FROM python:3.11-slim-trixie
ENV ENVIRONMENT=production \
    BIND_HOST=0.0.0.0 \
    PORT=8000 \
    MEDIA_ROOT=/data/media \
    BACKUP_HOME=/data/backups \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /app
# pg_dump and pg_restore of PostgreSQL 17: for servers of that version and older ones.
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/*
COPY requirements/base.txt requirements/base.txt
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/base.txt
RUN useradd --system --no-create-home --uid 10001 totetaxi \
    && install --directory --owner totetaxi --mode 700 /data /data/media /data/backups
COPY --from=assets /app .
USER totetaxi
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["totetaxi/deploy/entrypoint", "healthy"]
ENTRYPOINT ["totetaxi/deploy/entrypoint"]
CMD ["web"]
