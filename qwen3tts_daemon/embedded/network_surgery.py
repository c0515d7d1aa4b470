"""Kokoro's network, rewritten for the CPU and cut in two: how the words are said, and the generator of samples.

Rewritten (`sign_activations`): onnxruntime computes a convolution of unsigned activations with unsigned weights without
the CPU's VNNI instructions, because those want one operand signed. Where there is VNNI, every ConvInteger therefore
gets its activations moved from 0..255 to -128..127, zero point included: the same integers, so the same samples. All of
Kokoro takes 0.7 of the time then (Xeon 2.5 GHz, two threads, onnxruntime 1.31.1). Without VNNI the signed kernel would
saturate; with AMX the unsigned one is fast.

Cut (`cut`): the generator takes nine tenths of the time, and its beginning need not wait for its end. It is
convolutional, but each of its 44 instance norms wants the mean and the power of the whole utterance: no window of it
can be exact. So a window takes `share` parts of these statistics from outside and gives back those of all that was
generated so far. All frames at once with a share of zero are what the whole network computes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

FEATURES = "features"
SOURCE = "source"
STYLE = "generator_style"
"""What the first part gives to the generator"""
DURATIONS = "durations"
"""What it tells beside: for how many of its own frames each token is said"""
STATISTICS = "statistics"
SHARE = "share"
NEW_STATISTICS = "new_statistics"
WAVE = "wave"

_GENERATOR = "/decoder/decoder/generator/"
_SEAM = {
    f"{_GENERATOR}LeakyRelu_output_0": FEATURES,
    f"{_GENERATOR}Reshape_3_output_0": SOURCE,
    "/decoder/Slice_output_0": STYLE,
}
_DURATIONS = "/encoder/Clip_output_0"
_WAVE = f"{_GENERATOR}istft/stft/ConvTranspose_output_0"
_SIGN_BIT = "sign_bit"
_INPUTS_TO_SIGN = (0, 2)
"""Of ConvInteger(x, w, x_zero_point, w_zero_point)."""


def sign_activations(network: ModelProto) -> None:
    """In place: every ConvInteger sees x - 128 for its activations x and their zero point."""
    graph = network.graph
    unsigned = set()
    for node in graph.node:
        if node.op_type == "ConvInteger":
            for index in _INPUTS_TO_SIGN:
                unsigned.add(node.input[index])
                node.input[index] = f"{node.input[index]}_signed"
    graph.initializer.append(helper.make_tensor(_SIGN_BIT, TensorProto.UINT8, [], [0x80]))
    # onnxruntime sorts the nodes itself, so new ones may stand at the end.
    for name in sorted(unsigned):
        flipped = f"{name}_flipped"
        graph.node.append(helper.make_node("BitwiseXor", [name, _SIGN_BIT], [flipped]))
        graph.node.append(helper.make_node("Cast", [flipped], [f"{name}_signed"], to=TensorProto.INT8))


def cut(network: ModelProto) -> tuple[ModelProto, ModelProto]:
    """The network as two: (tokens, style, speed) -> FEATURES, SOURCE, STYLE, DURATIONS, and the first three of these
    with the statistics -> WAVE.

    FEATURES [1, channels, frames], SOURCE [1, 300 * frames + 20]; WAVE [1, 1, 300 * frames + 20], a quarter as loud
    as the samples and with ten too many at either end. DURATIONS [1, tokens], in frames of 600 samples. STATISTICS
    [1, all norms' channels, 1], SHARE [].
    """
    inputs = [value.name for value in network.graph.input]
    prosody = _part(network, inputs, [*_SEAM, _DURATIONS])
    generator = _part(network, list(_SEAM), [_WAVE])
    _take_statistics(generator.graph)
    for part in (prosody, generator):
        _rename(part.graph, _SEAM | {_WAVE: WAVE, _DURATIONS: DURATIONS})
    return prosody, generator


@dataclass(frozen=True, slots=True)
class _Norm:
    """An instance norm with the gain and the shift of a style, as it stands in the graph."""

    name: str
    samples: str
    mean: NodeProto
    epsilon: str
    steps: Sequence[NodeProto]
    """Its nodes that go"""
    scaled: Sequence[tuple[str, str, str]]
    """(gain, shift, result); several where a norm was shared"""

    def channels(self, graph: GraphProto) -> int:
        style = "decoder." + self.name.removeprefix("/decoder/").strip("/").replace("/", ".") + ".fc.bias"
        (bias,) = [one for one in graph.initializer if one.name == style]
        return int(bias.dims[0]) // 2


def _norms(graph: GraphProto) -> Iterator[_Norm]:
    end = "ReduceMean_output_0"
    for mean in graph.node:
        if not (mean.op_type == "ReduceMean" and mean.output[0].endswith(f"/{end}")):
            continue
        (centred,) = _consumers(graph, mean.output[0])
        square, division = sorted(_consumers(graph, centred.output[0]), key=lambda node: node.op_type != "Mul")
        (power,) = _consumers(graph, square.output[0])
        (raised,) = _consumers(graph, power.output[0])
        (root,) = _consumers(graph, raised.output[0])
        gains = _consumers(graph, division.output[0])
        shifts = [_consumers(graph, gain.output[0])[0] for gain in gains]
        yield _Norm(
            name=mean.output[0].removesuffix(end),
            samples=mean.input[0],
            mean=mean,
            epsilon=raised.input[1],
            steps=[centred, square, power, raised, root, division, *gains, *shifts],
            scaled=[
                (_other(gain, division.output[0]), _other(shift, gain.output[0]), shift.output[0])
                for gain, shift in zip(gains, shifts, strict=True)
            ],
        )


def _take_statistics(graph: GraphProto) -> None:
    """In place: each norm's mean and power are `share` parts those of STATISTICS; the sums come out again."""
    norms = list(_norms(graph))
    sizes = [2 * norm.channels(graph) for norm in norms]
    graph.initializer.append(numpy_helper.from_array(np.array(sizes, np.int64), "statistics_sizes"))
    given = [f"{norm.name}given" for norm in norms]
    nodes = [helper.make_node("Split", [STATISTICS, "statistics_sizes"], given, axis=1)]
    for norm in norms:
        nodes += _pooled_norm(norm)
    nodes.append(helper.make_node("Concat", [f"{norm.name}pooled" for norm in norms], [NEW_STATISTICS], axis=1))
    _replace(graph, [step for norm in norms for step in norm.steps], nodes)
    shape = [1, sum(sizes), 1]
    graph.input.append(helper.make_tensor_value_info(STATISTICS, TensorProto.FLOAT, shape))
    graph.input.append(helper.make_tensor_value_info(SHARE, TensorProto.FLOAT, []))
    graph.output.append(helper.make_tensor_value_info(NEW_STATISTICS, TensorProto.FLOAT, shape))


def _pooled_norm(norm: _Norm) -> Iterator[NodeProto]:
    """(x - mean) / sqrt(power - mean^2 + epsilon) * gain + shift, as two operations on x."""

    def node(operator: str, inputs: Sequence[str], *outputs: str, **attributes: Any) -> NodeProto:
        return helper.make_node(operator, inputs, [f"{norm.name}{name}" for name in outputs], **attributes)

    def own(*names: str) -> list[str]:
        return [f"{norm.name}{name}" for name in names]

    yield node("Mul", [norm.samples, norm.samples], "square")
    yield node("ReduceMean", [*own("square"), norm.mean.input[1]], "power", keepdims=1)
    yield node("Concat", [norm.mean.output[0], *own("power")], "measured", axis=1)
    yield node("Sub", own("given", "measured"), "difference")
    yield node("Mul", [SHARE, *own("difference")], "pull")
    yield node("Add", own("measured", "pull"), "pooled")
    yield node("Split", own("pooled"), "pooled_mean", "pooled_power", axis=1, num_outputs=2)
    yield node("Mul", own("pooled_mean", "pooled_mean"), "mean_square")
    yield node("Sub", own("pooled_power", "mean_square"), "rounded_variance")
    yield node("Relu", own("rounded_variance"), "variance")
    yield node("Add", [*own("variance"), norm.epsilon], "raised")
    yield node("Sqrt", own("raised"), "deviation")
    for number, (gain, shift, result) in enumerate(norm.scaled):
        slope, drop, offset, sloped = (f"{name}{number}" for name in ("slope", "drop", "offset", "sloped"))
        yield node("Div", [gain, *own("deviation")], slope)
        yield node("Mul", own("pooled_mean", slope), drop)
        yield node("Sub", [shift, *own(drop)], offset)
        yield node("Mul", [norm.samples, *own(slope)], sloped)
        yield helper.make_node("Add", own(sloped, offset), [result])


def _part(network: ModelProto, inputs: Sequence[str], outputs: Sequence[str]) -> ModelProto:
    """The nodes and constants between the two."""
    makers = {name: node for node in network.graph.node for name in node.output}
    reached, names = set(inputs), list(outputs)
    needed: dict[int, NodeProto] = {}
    while names:
        name = names.pop()
        if name not in reached and (maker := makers.get(name)) is not None:
            needed[id(maker)] = maker
            names += maker.input
        reached.add(name)
    known = {value.name: value for value in network.graph.input}
    part = ModelProto(ir_version=network.ir_version, opset_import=network.opset_import)
    part.graph.name = network.graph.name
    part.graph.node.extend(node for node in network.graph.node if id(node) in needed)
    part.graph.initializer.extend(one for one in network.graph.initializer if one.name in reached)
    part.graph.input.extend(known.get(name) or _floats(name) for name in inputs)
    part.graph.output.extend(_floats(name) for name in outputs)
    return part


def _floats(name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, None)


def _rename(graph: GraphProto, names: dict[str, str]) -> None:
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for value in (*graph.input, *graph.output):
        value.name = names.get(value.name, value.name)


def _replace(graph: GraphProto, gone: Sequence[NodeProto], new: Sequence[NodeProto]) -> None:
    names = {node.output[0] for node in gone}
    kept = [node for node in graph.node if node.output[0] not in names]
    del graph.node[:]
    graph.node.extend([*kept, *new])


def _consumers(graph: GraphProto, name: str) -> list[NodeProto]:
    return [node for node in graph.node if name in node.input]


def _other(node: NodeProto, name: str) -> str:
    """The second operand beside `name`."""
    (other,) = [str(one) for one in node.input if one != name]
    return other
