"""Trains a Qwen3-TTS checkpoint that really speaks, small enough for tests: English, two named voices, clones.

    pip install torch numpy tokenizers safetensors pydantic msgspec hibari-tts scipy
    apt-get install wordnet-base fortunes
    python -m scripts.speaking all WORK --seconds 3600          # WORK/checkpoints

An hour of one card beside 16 cores; 40 GB of the card's memory (less: --hours, --rows, --positions) and 60 GB of disk
for the teacher's sound. Every stage can be run alone and goes on from what WORK holds, so the talker can be trained in
several sittings (--settle 0 for all but the last). What a recogniser understands of the result, and how many steps that
took, is in docs/performance.md.

```
texts     corpus, templates.toml > text_tokens    sentences, and a text tokenizer from them
sound     teacher                                 a voice of hibari says them, as itself and as others    log
codec     sounds, spectra, codec_encoder, quantizer, codec_decoder > train_codec    sound -> codes -> sound
speaker   speaker_encoder                                        sound -> who speaks
decoder   polish_decoder                                         codes -> better sound
codes     encode                                                 what the talker learns from
talker    encoded_corpus > batches, talker, recorded_step > train_talker            texts -> codes
export    dimensions, export                                     the release's layout, in eight bits
```
layers, stages and weights are what all of the training shares; with side_by_side `all` ends when a stage fails. The
engine computes what is trained in the same way: tests/engine/test_speaking_recipe.py.
"""
