FROM python:3.12-slim

RUN useradd --create-home --uid 10001 traffic \
    && mkdir /data \
    && chown 10001 /data
WORKDIR /app

COPY requirements.txt ./
RUN pip install --no-cache-dir --compile --require-hashes -r requirements.txt

COPY alerts.toml app.py gunicorn.conf.py pyproject.toml ./
COPY assets ./assets
COPY callbacks ./callbacks
COPY components ./components
COPY docs/runbooks ./docs/runbooks
COPY models ./models
COPY services ./services
# The user below may not write here: what is not compiled now would be at every start.
RUN python -m compileall -q app.py callbacks components models services

USER 10001
ENV TRAFFIC_DATA_DIR=/data TRAFFIC_HOST=0.0.0.0 PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8050
CMD ["gunicorn", "app:server"]
