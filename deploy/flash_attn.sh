#!/usr/bin/env bash
# Puts a wheel of flash-attn into a folder, for the image: deploy/flash_attn.sh none|URL|build ARCHS PYTHON FOLDER
# A wheel is for one Python, PyTorch, CUDA and C++ ABI; one for others is refused by its name, and what does not import ends it.
set -euo pipefail
wish=$1 archs=$2 python=$3 folder=$4
mkdir -p "$folder"
case "$wish" in
  none) exit 0 ;;
  build)
    apt-get update && apt-get install -y --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*
    cuda=$("$python" -c 'import torch; print(torch.version.cuda)')
    # CUDA's compiler comes as wheels, of the version that PyTorch was built with.
    "$python" -m pip install "cuda-toolkit[nvcc,nvvm,crt,cccl,cudart]==$cuda.*" ninja packaging setuptools wheel
    CUDA_HOME=$("$python" -c 'import nvidia, pathlib; print(next(pathlib.Path(nvidia.__path__[0]).glob("cu[0-9]*")))')
    [ -e "$CUDA_HOME/lib64" ] || ln -s lib "$CUDA_HOME/lib64"
    # The wheel holds libcudart.so.13 and no libcudart.so, which a linker wants.
    [ -e "$CUDA_HOME/lib/libcudart.so" ] || ln -s "$(basename "$CUDA_HOME"/lib/libcudart.so.*)" "$CUDA_HOME/lib/libcudart.so"
    export CUDA_HOME
    ARCHS=$archs WHEELS=$folder scripts/build_flash_attn.sh "$python"
    ;;
  http://* | https://* | file://*)
    name=$(basename "${wish%%[?#]*}")
    name=${name//%2B/+}
    tags=$("$python" - <<'EOF'
import sys, torch
torch_version = ".".join(torch.__version__.split(".")[:2])
abi = "TRUE" if torch.compiled_with_cxx11_abi() else "FALSE"
print(f"cu{torch.version.cuda.split('.')[0]}*torch{torch_version}cxx11abi{abi}-cp{sys.version_info[0]}{sys.version_info[1]}-*")
EOF
    )
    # shellcheck disable=SC2254  # a pattern is meant
    case "$name" in
      flash_attn-*+$tags) ;;
      *) echo "FLASH_ATTN: $name does not fit this image, which needs flash_attn-VERSION+$tags.whl" >&2; exit 1 ;;
    esac
    "$python" -m pip download --no-deps --dest "$folder" "$wish"
    ;;
  *) echo "FLASH_ATTN is none, a wheel's URL or build, not $wish" >&2; exit 1 ;;
esac
"$python" -m pip install --no-deps "$folder"/*.whl
"$python" -c 'import flash_attn; print("flash-attn", flash_attn.__version__)'
