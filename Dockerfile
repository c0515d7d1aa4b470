# The daemon in three images; docs/install.md says which is for whom.
#   docker build --target cpu .          the preview voice, and Qwen3-TTS where the CPU is fast enough for it
#   docker build --target gpu .          Qwen3-TTS on an NVIDIA card; weights in the volume /models
#   docker build --target all-in-one .   the same with what lies in models/ inside
#   --build-arg FLASH_ATTN=none|URL|build    the package flash-attn: left out, a wheel from there, or compiled here
ARG BASE=python:3.12-slim-bookworm

# What every image runs on. Its system packages are those of the day; Python's are locked. tini passes signals on and
# reaps what workers leave.
FROM ${BASE} AS base
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin qwen3tts \
    && install -d -o 10001 -g 10001 /data && mkdir /models
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 QWEN3TTS_DATA_DIR=/data QWEN_TTS_MODEL_DIR=/models XDG_CACHE_HOME=/data/cache
VOLUME /data
EXPOSE 10200 8766
HEALTHCHECK --interval=30s --timeout=10s --start-period=5m CMD ["qwen3tts-daemon", "health"]
ENTRYPOINT ["tini", "--", "qwen3tts-daemon"]
CMD ["serve"]
LABEL org.opencontainers.image.title="qwen3tts-daemon" \
      org.opencontainers.image.description="A self-hosted voice for the home: Wyoming, WebSocket and REST in front of Qwen3-TTS" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/qwen3tts-daemon/qwen3tts-daemon"

# Dependencies, exactly those of the lock: a layer that a change of our code leaves alone.
FROM ${BASE} AS environment
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python3 -m venv /opt/venv

# PyTorch without CUDA is not on the package index, so the lock has no hash of it; its version is the one of the lock.
FROM environment AS cpu-packages
COPY deploy/locks/constraints.txt deploy/locks/cpu.txt /tmp/
RUN /opt/venv/bin/pip install --no-deps --index-url https://download.pytorch.org/whl/cpu -c /tmp/constraints.txt torch \
    && /opt/venv/bin/pip install --no-deps --require-hashes -r /tmp/cpu.txt

FROM environment AS gpu-packages
COPY deploy/locks/gpu.txt /tmp/lock.txt
RUN /opt/venv/bin/pip install --no-deps --require-hashes -r /tmp/lock.txt

# flash-attn, as a wheel in /wheels if there is to be one; what does not fit PyTorch, Python or ABI ends the build here.
FROM gpu-packages AS flash-attn
ARG FLASH_ATTN=none
ARG FLASH_ATTN_ARCHS="80;90;120"
WORKDIR /src
COPY scripts/build_flash_attn.sh scripts/
COPY deploy/flash_attn.sh deploy/
RUN deploy/flash_attn.sh "$FLASH_ATTN" "$FLASH_ATTN_ARCHS" /opt/venv/bin/python /wheels

# The engine's kernels, so that a first start compiles nothing. A change of the engine compiles them anew, which takes
# minutes for each kind of card: --build-arg KERNELS= leaves that to the first start.
FROM gpu-packages AS kernels
ARG KERNELS="80 86 89 90 120"
WORKDIR /src
COPY deploy/compile_kernels.py deploy/
COPY benchmarks/random_checkpoint.py benchmarks/text_vocabulary.py benchmarks/
COPY qwen_tts qwen_tts
RUN mkdir -p /opt/venv/share/qwen3tts-daemon/kernels && /opt/venv/bin/python -m deploy.compile_kernels $KERNELS

# The project's own wheel, by a builder that is locked too.
FROM environment AS project
WORKDIR /src
COPY deploy/locks/build.txt /tmp/
RUN /opt/venv/bin/pip install --no-deps --require-hashes -r /tmp/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY qwen_tts qwen_tts
COPY qwen3tts_daemon qwen3tts_daemon
RUN /opt/venv/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels .

FROM base AS cpu
VOLUME /models
COPY --from=cpu-packages /opt/venv /opt/venv
COPY --from=project /wheels /tmp/wheels
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps /tmp/wheels/*.whl
USER 10001:10001

FROM base AS gpu-base
# Triton compiles a small module in C when it first meets a card.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
ENV TRITON_CACHE_DIR=/data/cache/triton TORCHINDUCTOR_CACHE_DIR=/data/cache/inductor CUDA_CACHE_PATH=/data/cache/cuda

FROM gpu-base AS gpu
VOLUME /models
COPY --from=gpu-packages /opt/venv /opt/venv
COPY --from=kernels /opt/venv/share/qwen3tts-daemon /opt/venv/share/qwen3tts-daemon
COPY --from=flash-attn /wheels /tmp/wheels
COPY --from=project /wheels /tmp/wheels
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps /tmp/wheels/*.whl
USER 10001:10001

# Weights before code: a new version of the daemon is some MB to fetch, not some GB. Each checkpoint is a layer; those that
# models/ does not hold are left out (the README keeps the line from failing, and goes again).
FROM gpu-base AS all-in-one
COPY --chmod=0755 models/README.md models/Qwen3-TTS-12Hz-1.7B-CustomVoic[e] /models/Qwen3-TTS-12Hz-1.7B-CustomVoice/
COPY --chmod=0755 models/README.md models/Qwen3-TTS-12Hz-1.7B-VoiceDesig[n] /models/Qwen3-TTS-12Hz-1.7B-VoiceDesign/
COPY --chmod=0755 models/README.md models/Qwen3-TTS-12Hz-1.7B-Bas[e] /models/Qwen3-TTS-12Hz-1.7B-Base/
COPY --chmod=0755 models/README.md models/Qwen3-TTS-12Hz-0.6B-CustomVoic[e] /models/Qwen3-TTS-12Hz-0.6B-CustomVoice/
COPY --chmod=0755 models/README.md models/Qwen3-TTS-12Hz-0.6B-Bas[e] /models/Qwen3-TTS-12Hz-0.6B-Base/
ENV HF_HUB_OFFLINE=1
RUN find /models -name README.md -delete && find /models -type d -empty -delete; mkdir -p /models
COPY --from=gpu-packages /opt/venv /opt/venv
COPY --from=kernels /opt/venv/share/qwen3tts-daemon /opt/venv/share/qwen3tts-daemon
COPY --from=flash-attn /wheels /tmp/wheels
COPY --from=project /wheels /tmp/wheels
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps /tmp/wheels/*.whl
USER 10001:10001
