# syntax=docker/dockerfile:1

# ---- builder: wheels, with the hot modules compiled ----
FROM python:3.13-slim AS builder

RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /source
COPY pyproject.toml setup.py README.md LICENSE ./
COPY proxy/ proxy/
RUN CFLAGS=-g0 pip wheel --no-cache-dir --wheel-dir /wheels .

RUN python -m venv --without-pip /opt/forebay \
 && pip --python /opt/forebay/bin/python install --no-cache-dir --no-index --find-links /wheels forebay

# A build without a compiler falls back to plain Python and says so only in passing; an image shall not.
RUN /opt/forebay/bin/forebay version > /tmp/version \
 && cat /tmp/version \
 && ! grep -qw pure /tmp/version

# The base image comes without the byte code of Python's own library; without this all that Forebay needs of it would be
# compiled at every start.
RUN PYTHONPYCACHEPREFIX=/opt/forebay/bytecode /opt/forebay/bin/python -c "import proxy.cli, proxy.server, proxy.metrics"

# ---- the image: no compiler, no source, no root ----
FROM python:3.13-slim

LABEL org.opencontainers.image.title="forebay" \
      org.opencontainers.image.description="A MySQL connection proxy for serverless functions" \
      org.opencontainers.image.licenses="Apache-2.0"

COPY --from=builder /opt/forebay /opt/forebay

# Probes and scrapers come from outside the container, so the status port is not on loopback here.
# A variable wins over a mounted configuration file.
ENV PATH="/opt/forebay/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPYCACHEPREFIX=/opt/forebay/bytecode \
    PYTHONUNBUFFERED=1 \
    FOREBAY_STATUS__LISTEN="0.0.0.0:9042"

# A number, so that runAsNonRoot can be checked without an /etc/passwd. Nothing is written to the file system.
USER 65532:65532
WORKDIR /

EXPOSE 6033 9042

HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9042/healthz', timeout=2)"]

ENTRYPOINT ["forebay"]
CMD ["run"]
