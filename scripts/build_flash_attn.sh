#!/usr/bin/env bash
# Builds the part of flash-attn that `attention = "flash"` uses and installs it: the forward pass, heads of up to 128, bfloat16.
# For PyTorch versions that nobody publishes a wheel for. Takes minutes, CUDA's compiler (nvcc) and 4 GB of memory a job.
#   scripts/build_flash_attn.sh [PYTHON] [DIRECTORY]   PYTHON has PyTorch; DIRECTORY, if given, takes the package (pip --target)
# SOURCE names a source distribution that is there already, ARCHS the cards (80;90), JOBS the compilers that run at once;
# WHEELS a folder that gets a wheel, and then nothing is installed.
set -euo pipefail
python=${1:-.venv/bin/python} target=${2:-} version=2.8.3.post2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

command -v nvcc >/dev/null || [ -x "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc" ] || { echo "nvcc is missing: install the CUDA toolkit of PyTorch's CUDA version" >&2; exit 1; }
"$python" -c 'import torch, ninja, packaging, setuptools, wheel' || { echo "$python needs torch, ninja, packaging, setuptools and wheel" >&2; exit 1; }
if [ -z "${SOURCE:-}" ]; then
  FLASH_ATTENTION_SKIP_CUDA_BUILD=TRUE "$python" -m pip download --quiet --no-deps --no-build-isolation --no-binary :all: \
    --dest "$work" "flash-attn==$version"
  SOURCE=$(echo "$work"/flash_attn-*.tar.gz)
fi
mkdir "$work/source"
tar xzf "$SOURCE" -C "$work/source" --strip-components=1
cd "$work/source"

"$python" - <<'EOF'
import pathlib
import re

switches = pathlib.Path("csrc/flash_attn/src/static_switch.h")
text = switches.read_text()
# bfloat16 alone, in heads of 64 and 128: smaller heads are padded.
text = re.sub(
    r"#define FP16_SWITCH.*?\}\(\)\n",
    "#define FP16_SWITCH(COND, ...) [&] { using elem_type = cutlass::bfloat16_t; return __VA_ARGS__(); }()\n",
    text, count=1, flags=re.S,
)
text = re.sub(
    r"#define HEADDIM_SWITCH.*?\}\(\)\n",
    "#define HEADDIM_SWITCH(HEADDIM, ...) [&] { if (HEADDIM <= 64) { constexpr static int kHeadDim = 64; "
    "return __VA_ARGS__(); } else { constexpr static int kHeadDim = 128; return __VA_ARGS__(); } }()\n",
    text, count=1, flags=re.S,
)
switches.write_text(text)

calls = pathlib.Path("csrc/flash_attn/flash_api.cpp")
calls.write_text(re.sub(r"run_mha_bwd_<[^>]*>\(params, stream\);", ";", calls.read_text()))

setup = pathlib.Path("setup.py")
text = setup.read_text()
unused = r'"csrc/flash_attn/src/flash_(?:bwd[^"]*|fwd[^"]*(?:hdim(?:32|96|192|256)|_fp16)[^"]*)\.cu",\s*'
text = re.sub(unused, "", text)
flags = [f"-DFLASHATTENTION_DISABLE_{part}" for part in ("BACKWARD", "DROPOUT", "ALIBI", "SOFTCAP", "LOCAL")]
text = text.replace('"-O3", "-std=c++17"]', '"-O3", "-std=c++17"] + ' + repr(flags))
text = text.replace('"--use_fast_math",', '"--use_fast_math", ' + ", ".join(map(repr, flags)) + ",")
setup.write_text(text)
EOF

archs=${ARCHS:-$("$python" -c 'import torch; print("90" if torch.cuda.get_device_capability() >= (9, 0) else "80")')}
export FLASH_ATTENTION_FORCE_BUILD=TRUE FLASH_ATTN_CUDA_ARCHS=$archs MAX_JOBS=${JOBS:-$(($(getconf _NPROCESSORS_ONLN) / 2 + 1))} NVCC_THREADS=1
if [ -n "${WHEELS:-}" ]; then
  exec "$python" -m pip wheel --no-deps --no-build-isolation --wheel-dir "$WHEELS" .
fi
"$python" -m pip install --no-deps --no-build-isolation ${target:+--target "$target"} .
