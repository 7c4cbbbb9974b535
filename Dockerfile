# One image for migrate, api and worker: docker build -t linli . ; the command chooses (see docker-compose.yml).

FROM python:3.12-slim AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements-production.lock /
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --require-hashes -r /requirements-production.lock

FROM python:3.12-slim
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/srv/linli \
    LINLI_MODE=production LINLI_HOST=0.0.0.0 LINLI_PORT=8000
RUN groupadd --system --gid 10001 linli \
 && useradd --system --uid 10001 --gid linli --no-create-home --home-dir /srv/linli --shell /usr/sbin/nologin linli \
 && printf '#!/bin/sh\nexec python -m app.cli "$@"\n' > /usr/local/bin/linli && chmod 755 /usr/local/bin/linli
WORKDIR /srv/linli
COPY --from=packages /opt/venv /opt/venv
# Owned by root: the process cannot change its own code.
COPY . .
RUN python -m compileall -q app migrations
USER linli
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['LINLI_PORT'] + '/v1/health/live', timeout=4)"]
ENTRYPOINT ["linli"]
CMD ["api"]
