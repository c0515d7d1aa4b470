"""One batched step on the device: what a frame costs is decided here, who is in it is decided in engine/.

runner                               every row's tensors, one frame at a time
backends                             which of the ways below, and what they share
cards, flash                         what a graphics card can do; whether flash-attn is there, and how it is got
frame, frame_eager, frame_triton     codes of the next frame, in PyTorch or in kernels
frame_drawn                          what those have in common whose codes PyTorch draws
codec_decoder, codec_decoder_triton  codes -> PCM, likewise
frame_openvino, openvino_codec       the same by OpenVINO, with weights of 8 or 4 bits, on a CPU
openvino_compiler, openvino_layers   graphs that run; layers over a paged cache
openvino_graphs                      what they are in OpenVINO's operations
cuda_graphs                          device work captured once and replayed
precompile                           kernels compiled in a process of its own while weights load
kernel_cache                         kernels that came with the installation
host_memory                          freed memory goes back to the system
torch_threads                        how many PyTorch computes with, on a CPU
sampling, draw_codes                 logits -> codec token, and those of a whole frame, in PyTorch

Imports checkpoint, models, modules, kernels, audio and config.
"""
