"""Layers. They hold weights only: what a stream remembers is a state that the caller owns and passes in.

attention, flash_attention                  over a cache: PyTorch's own, or the package flash-attn
transformer, window_transformer             stacks of layers: of talker and code predictor, of the codec decoder
linear, conv, norm, rope, snake, quantizer  their parts
weight_formats                              weights in 8 or 4 bits
mel                                         what the speaker encoder hears
module_list, upload                         a typed list of layers; small numbers on their way to the device
on_device                                   networks that are there only while they compute

models/ is built of them.

Imports config.
"""
