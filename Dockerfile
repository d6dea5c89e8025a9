# syntax=docker/dockerfile:1
# The app with its production build; the database is a service of its own.
FROM python:3.12-slim-bookworm AS build
WORKDIR /app
COPY --from=ghcr.io/astral-sh/uv:0.13.9 /uv /bin/uv
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 PATH="/app/.venv/bin:$PATH"
COPY pyproject.toml uv.lock README.md ./
RUN uv sync --frozen --no-dev --no-install-project
COPY . .
RUN uv sync --frozen --no-dev && ksys build

FROM python:3.12-slim-bookworm
WORKDIR /app
# pg_dump and pg_restore of the database's major version, which Debian's own packages do not have.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates postgresql-common \
 && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
 && apt-get install -y --no-install-recommends postgresql-client-16 \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 10001 ksys
COPY --from=build --chown=ksys:ksys /app /app
ENV PATH="/app/.venv/bin:$PATH" KSYS_HOST=0.0.0.0 APP_ENV=production PYTHONUNBUFFERED=1
USER ksys
EXPOSE 13000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:13000/readyz', timeout=4)"]
CMD ["ksys", "run", "--port", "13000"]
