"""What MimiModel's listening half is made of, said without importing transformers: that takes seconds.

So a checkpoint that does not fit is refused when it is loaded, whether somebody clones with it or not.
"""

from collections.abc import Iterator

from qwen_tts.config.checkpoint import CodecEncoderConfig

DOWNSAMPLING = 2
"""Steps of the transformer in a frame."""

Shaped = tuple[str, tuple[int, ...]]
"""Name and shape"""


def mimi_tensors(config: CodecEncoderConfig, codebooks: int) -> Iterator[Shaped]:
    """Names, as MimiModel's checkpoints have them, and shapes of the tensors that listening takes."""
    yield from _convolution_tensors(config)
    for layer in range(config.layers):
        for name, shape in _layer_tensors(config):
            yield f"encoder_transformer.layers.{layer}.{name}", shape
    hidden, width = config.hidden_size, config.codebook_dim
    yield "downsample.conv.weight", (hidden, hidden, 2 * DOWNSAMPLING)
    levels = {"semantic": config.semantic_codebooks, "acoustic": codebooks - config.semantic_codebooks}
    for kind, count in levels.items():
        quantizer = f"quantizer.{kind}_residual_vector_quantizer"
        yield f"{quantizer}.input_proj.weight", (width, hidden, 1)
        yield f"{quantizer}.output_proj.weight", (hidden, width, 1)
        for level in range(count):
            yield f"{quantizer}.layers.{level}.codebook.embed_sum", (config.codebook_size, width)
            yield f"{quantizer}.layers.{level}.codebook.cluster_usage", (config.codebook_size,)


def _convolution_tensors(config: CodecEncoderConfig) -> Iterator[Shaped]:
    """The list of layers has activations in it, which have no tensors but a number."""
    channels = config.filters
    shapes: dict[str, tuple[int, ...]] = {"0": (channels, config.audio_channels, config.kernel_size)}
    for index, ratio in enumerate(reversed(config.ratios)):
        narrow = channels // config.compress
        shapes[f"{3 * index + 1}.block.1"] = (narrow, channels, config.residual_kernel_size)
        shapes[f"{3 * index + 1}.block.3"] = (channels, narrow, 1)
        shapes[f"{3 * index + 3}"] = (2 * channels, channels, 2 * ratio)
        channels *= 2
    shapes[f"{3 * len(config.ratios) + 2}"] = (config.hidden_size, channels, config.last_kernel_size)
    for name, shape in shapes.items():
        yield f"encoder.layers.{name}.conv.weight", shape
        yield f"encoder.layers.{name}.conv.bias", shape[:1]


def _layer_tensors(config: CodecEncoderConfig) -> Iterator[Shaped]:
    hidden, query, key = config.hidden_size, config.heads * config.head_dim, config.kv_heads * config.head_dim
    for norm in ("input_layernorm", "post_attention_layernorm"):
        yield f"{norm}.weight", (hidden,)
        yield f"{norm}.bias", (hidden,)
    for name, rows in {"q_proj": query, "k_proj": key, "v_proj": key}.items():
        yield f"self_attn.{name}.weight", (rows, hidden)
    yield "self_attn.o_proj.weight", (hidden, query)
    yield "self_attn_layer_scale.scale", (hidden,)
    yield "mlp.fc1.weight", (config.intermediate_size, hidden)
    yield "mlp.fc2.weight", (hidden, config.intermediate_size)
    yield "mlp_layer_scale.scale", (hidden,)
