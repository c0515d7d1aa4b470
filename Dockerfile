# The daemon with the embedded CPU voice. Weights never enter the image: mount models/ at /models.
#   docker build --target cpu -t qwen3tts-daemon:cpu .
ARG BASE=python:3.12-slim-bookworm

FROM ${BASE} AS build
ARG EXTRAS=preview,espeak,japanese
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
WORKDIR /src
# The dependencies are a layer of their own: a change of our code does not install them again.
COPY pyproject.toml README.md LICENSE ./
COPY qwen3tts_daemon/embedded/data/NOTICE qwen3tts_daemon/embedded/data/NOTICE
RUN mkdir -p qwen_tts && touch qwen3tts_daemon/__init__.py qwen_tts/__init__.py \
    && /opt/venv/bin/pip install ".[${EXTRAS}]" \
    && /opt/venv/bin/pip uninstall --yes qwen3tts-daemon
COPY qwen_tts qwen_tts
COPY qwen3tts_daemon qwen3tts_daemon
RUN /opt/venv/bin/pip wheel --no-deps --wheel-dir /wheels .

FROM ${BASE} AS cpu
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin qwen3tts \
    && mkdir /data && chown 10001:10001 /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /wheels /wheels
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps /wheels/*.whl
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 QWEN3TTS_DATA_DIR=/data
USER 10001:10001
VOLUME /data
EXPOSE 10200 8766
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["qwen3tts-daemon", "health"]
ENTRYPOINT ["qwen3tts-daemon"]
CMD ["serve"]
