# syntax=docker/dockerfile:1
# The service alone: neither the stand-in of PRO nor the demo, and nothing to build or install with.
# Any base will do that has python3 (3.11 or newer), its venv, and ca-certificates.
ARG BASE=python:3.11-slim

FROM ${BASE} AS dependencies
WORKDIR /build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# pip has a place of its own, which the last stage never sees.
RUN python3 -m venv /tools && python3 -m venv --without-pip /opt/orderflex
COPY requirements.lock ./
# Where packages come from may be told by a pip.conf, as a secret of the build: it is in no layer.
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    --mount=type=secret,id=pip-ca.pem,target=/run/secrets/pip-ca.pem \
    /tools/bin/pip --python /opt/orderflex/bin/python install --quiet --no-compile \
        --require-hashes --only-binary :all: -r requirements.lock
# The root is read-only: whatever is compiled is compiled here, and never looked at again.
RUN /opt/orderflex/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash \
        /opt/orderflex/lib
# The only commands are python and orderflex. As process 1 the latter would not be ended by SIGTERM
# before the service listens for it.
RUN find /opt/orderflex/bin -type f -delete \
    && site="$(/opt/orderflex/bin/python -c 'import site; print(site.getsitepackages()[0])')" \
    && echo /opt/orderflex/app > "$site/orderflex.pth" \
    && printf '%s\n' '#!/opt/orderflex/bin/python' \
        'import signal, sys' \
        'signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))' \
        'from service.cli import main' 'main()' > /opt/orderflex/bin/orderflex \
    && chmod 755 /opt/orderflex/bin/orderflex

FROM dependencies AS application
COPY service /opt/orderflex/app/service
COPY pyproject.toml ./
# It needs no building, only its version, where Python looks for one.
RUN version="$(/opt/orderflex/bin/python -c \
        'import tomllib; print(tomllib.load(open("pyproject.toml", "rb"))["project"]["version"])')" \
    && about="/opt/orderflex/app/orderflex-$version.dist-info" \
    && mkdir "$about" \
    && printf '%s\n' 'Metadata-Version: 2.1' 'Name: orderflex' "Version: $version" \
        > "$about/METADATA" \
    && /opt/orderflex/bin/python -m compileall -q --invalidation-mode unchecked-hash \
        /opt/orderflex/app

FROM ${BASE}
LABEL org.opencontainers.image.title="orderflex" \
      org.opencontainers.image.description="Carries orders from Kafka through SortedPRO" \
      org.opencontainers.image.licenses="Apache-2.0"
# The base's own pip goes, and the right to become root. The only folder that is written to holds
# the SQLite ledger and the papers; an arbitrary user of group 0 may write to it as well.
RUN rm -rf /usr/local/bin/pip* /usr/local/bin/wheel /usr/local/lib/python3*/site-packages/* \
        /usr/local/lib/python3*/ensurepip /usr/lib/python3*/ensurepip /usr/share/python-wheels \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
    && mkdir -p /srv/orderflex/var \
    && chown -R 10001:0 /srv/orderflex \
    && chmod -R g=u,o= /srv/orderflex/var
COPY LICENSE /opt/orderflex/LICENSE
COPY --from=dependencies /opt/orderflex /opt/orderflex
COPY --from=application /opt/orderflex/app /opt/orderflex/app
WORKDIR /srv/orderflex
VOLUME ["/srv/orderflex/var"]
ENV PATH=/opt/orderflex/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ORDERFLEX_HTTP_HOST=0.0.0.0 \
    ORDERFLEX_HTTP_PORT=8080
USER 10001:10001
EXPOSE 8080 8081 8082
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["/opt/orderflex/bin/python", "-I", "-S", "-c", "import os, http.client as h; c = h.HTTPConnection('127.0.0.1', int(os.environ['ORDERFLEX_HTTP_PORT']), timeout=2); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["orderflex"]
CMD ["serve"]
