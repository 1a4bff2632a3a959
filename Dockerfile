# Written without an engine at hand: the steps were read, the image was not built. What is copied was installed by the
# same pip command into a fresh virtual environment outside a container, and `gateway demo --exit` ended well there.
#
#   docker build -t presend-gateway .
#   docker run --env-file gateway.env -p 8000:8000 presend-gateway serve
#   docker run --env-file gateway.env presend-gateway worker
FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/gateway
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY config/ config/
COPY gateway/ gateway/
COPY webhooks/ webhooks/
RUN /opt/gateway/bin/pip install -c constraints.txt '.[otel]'

FROM python:3.13-slim
# Numbers above 9999 do not meet a user of the host.
RUN groupadd --gid 10001 gateway \
    && useradd --uid 10001 --gid gateway --home-dir /var/lib/gateway --create-home --shell /usr/sbin/nologin gateway
COPY --from=build /opt/gateway /opt/gateway
ENV PATH=/opt/gateway/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 GATEWAY_DATA_DIR=/var/lib/gateway/data
USER gateway
WORKDIR /var/lib/gateway
EXPOSE 8000
# gunicorn and the worker both end gracefully on it.
STOPSIGNAL SIGTERM
ENTRYPOINT ["gateway"]
CMD ["serve"]
