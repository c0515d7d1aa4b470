"""What Apple's GPUs need of the plain way: no operation that PyTorch lacks there, and no 64-bit floats. And where there
is one, it speaks as the CPU does."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from qwen_tts.checkpoint.model import load_model
from tests.engine.conftest import Load
from tests.engine.test_runner import Rows
from tests.golden.cases import CUSTOM, SMALL_CUSTOM

yaml = pytest.importorskip("yaml")

HAS_MPS = torch.backends.mps.is_available()


class Recorder(TorchDispatchMode):
    """The operations that run, and the dtypes of what they read and write."""

    def __init__(self) -> None:
        super().__init__()
        self.operations: set[str] = set()
        self.dtypes: dict[torch.dtype, str] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        name = str(func).removeprefix("aten.").removesuffix(".default")
        self.operations.add(name)
        for tensor in tree_leaves((args, kwargs, out)):
            if isinstance(tensor, Tensor):
                self.dtypes.setdefault(tensor.dtype, name)
        return out


def native_functions() -> Mapping[str, Mapping[str, Any]]:
    """What this PyTorch says of its operations, by their names with overloads."""
    found = importlib.util.find_spec("torchgen")
    assert found is not None
    assert found.origin is not None
    path = Path(found.origin).parent / "packaged" / "ATen" / "native" / "native_functions.yaml"
    return {entry["func"].partition("(")[0]: entry for entry in yaml.safe_load(path.read_text())}


def is_on_mps(name: str, functions: Mapping[str, Mapping[str, Any]]) -> bool:
    entry = functions[name]
    if "structured_delegate" in entry:
        entry = functions[entry["structured_delegate"]]
    keys = {key.strip() for keys in entry.get("dispatch", {"CompositeImplicitAutograd": ""}) for key in keys.split(",")}
    return any(key == "MPS" or key.startswith("Composite") for key in keys) or bool(entry.get("autogen"))


@pytest.fixture(scope="module", params=[CUSTOM, SMALL_CUSTOM])
def recorded(request: pytest.FixtureRequest, load: Load) -> Recorder:
    """Prompts, two frames of three rows, and their sound."""
    rows, recorder = Rows(load(request.param)), Recorder()
    with recorder:
        for row, utterance in enumerate((1, 2, 3)):
            rows.open(row, utterance)
        rows.step(0, 1, 2, times=2)
    return recorder


def test_no_64_bit_floats(recorded: Recorder) -> None:
    assert recorded.operations
    assert torch.float64 not in recorded.dtypes, recorded.dtypes[torch.float64]
    assert torch.complex128 not in recorded.dtypes


def test_every_operation_is_there(recorded: Recorder) -> None:
    functions = native_functions()
    assert not is_on_mps("linalg_eig", functions), "what is lacking is noticed"
    known = {name for name in recorded.operations if name in functions}
    assert len(known) > 30
    assert not [name for name in sorted(known) if not is_on_mps(name, functions)]


@pytest.mark.skipif(not HAS_MPS, reason="no Apple GPU: run it on a Mac with an M chip")
@pytest.mark.parametrize("name", [CUSTOM, SMALL_CUSTOM])
def test_it_speaks_as_the_cpu_does(name: str, load: Load, checkpoints: Path) -> None:
    model = load_model(checkpoints / name, torch.device("mps"), torch.float32, pre_tokenizer="mistral")
    there, here = Rows(model, device="mps"), Rows(load(name))
    for rows in (there, here):
        for row, utterance in enumerate((1, 2, 3)):
            rows.open(row, utterance)
        rows.step(0, 1, 2, times=4)
    assert there.codes == here.codes
