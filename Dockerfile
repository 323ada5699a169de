# syntax=docker/dockerfile:1

# --- The style sheet and the hashed static files; nothing of this stage but its results is kept.
FROM python:3.11-slim AS assets
WORKDIR /app
COPY requirements requirements
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/dev.txt
COPY . .
RUN python -m totetaxi.dev.assets && python manage.py collectstatic --no-input --verbosity 0

# --- What runs
FROM python:3.11-slim
ENV ENVIRONMENT=production \
    BIND_HOST=0.0.0.0 \
    PORT=8000 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /app
COPY requirements/base.txt requirements/base.txt
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/base.txt \
    && useradd --system --no-create-home --uid 10001 totetaxi
COPY . .
COPY --from=assets /app/.local/static .local/static
USER totetaxi
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["totetaxi/deploy/entrypoint", "healthy"]
ENTRYPOINT ["totetaxi/deploy/entrypoint"]
CMD ["web"]
