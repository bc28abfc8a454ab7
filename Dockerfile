# syntax=docker/dockerfile:1
# The service alone: neither the stand-in of PRO nor the demo, no build tools in the last stage.
ARG BASE=python:3.11-slim

FROM ${BASE} AS build
WORKDIR /build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
COPY requirements.lock ./
RUN python3 -m venv /opt/orderflex \
    && /opt/orderflex/bin/pip install --quiet --require-hashes --only-binary :all: \
        -r requirements.lock
COPY service ./service
# The package needs no building: it is put beside its dependencies, with its one command.
RUN site="$(/opt/orderflex/bin/python -c 'import site; print(site.getsitepackages()[0])')" \
    && cp -r service "$site/service" \
    && printf '%s\n' '#!/opt/orderflex/bin/python' \
        'from service.cli import main' 'main()' > /opt/orderflex/bin/orderflex \
    && chmod 755 /opt/orderflex/bin/orderflex \
    && /opt/orderflex/bin/python -m compileall -q -j 0 /opt/orderflex/lib \
    && /opt/orderflex/bin/pip uninstall --quiet --yes pip setuptools

FROM ${BASE}
LABEL org.opencontainers.image.title="orderflex" \
      org.opencontainers.image.description="Carries orders from Kafka through SortedPRO" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/orderflex /opt/orderflex
COPY LICENSE /opt/orderflex/LICENSE
# The only folder that is written to: the SQLite ledger and the labels. The root may be read-only.
RUN mkdir -p /srv/orderflex/var && chown -R 10001:10001 /srv/orderflex
WORKDIR /srv/orderflex
VOLUME ["/srv/orderflex/var"]
ENV PATH=/opt/orderflex/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ORDERFLEX_HTTP_HOST=0.0.0.0 \
    ORDERFLEX_HTTP_PORT=8080
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['ORDERFLEX_HTTP_PORT'] + '/healthz', timeout=2)"]
ENTRYPOINT ["orderflex"]
CMD ["serve"]
