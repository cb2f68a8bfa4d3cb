# syntax=docker/dockerfile:1

# A release is built from the digest that this tag has on that day: `make release` asks the registry for it,
# hands it over as BASE and writes it on the image (docs/decisions/0014-base-image.md).
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /build
COPY requirements.lock requirements-build.lock ./
RUN python -m venv /opt/confcal \
 && /opt/confcal/bin/pip install --no-cache-dir --no-deps --require-hashes --requirement requirements.lock \
 && python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --no-deps --require-hashes --requirement requirements-build.lock
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY service ./service
ARG SOURCE_COMMIT=
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /dist . \
 && /opt/confcal/bin/pip install --no-cache-dir --no-deps /dist/*.whl

FROM ${BASE}
COPY --from=build /opt/confcal /opt/confcal
RUN install --directory --owner=10001 --group=10001 --mode=0700 /data
ENV PATH=/opt/confcal/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CONFCAL_DATA_DIR=/data \
    CONFCAL_HOST="*" \
    CONFCAL_LOG_FORMAT=json
USER 10001:10001
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["confcal", "healthcheck"]
ENTRYPOINT ["confcal"]
CMD ["run"]
