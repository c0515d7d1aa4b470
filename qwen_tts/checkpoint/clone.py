"""A recording -> a voice, as VoicePrompt."""

import numpy as np

from qwen_tts.api import Audio, VoicePrompt
from qwen_tts.audio.reference_audio import ReferenceAudio, check_whole
from qwen_tts.checkpoint.model import Model
from qwen_tts.checkpoint.voice_prompt import ReferenceVoice
from qwen_tts.errors import InvalidRequest
from qwen_tts.text.transcript import check_transcript


def clone_voice(model: Model, audio: Audio, transcript: str | None, *, tail_s: float = 0.0) -> VoicePrompt:
    """The voice of 3 s or more of audio; without transcript only its speaker embedding.

    `tail_s` of silence is put after the codes' audio: speech that begins where the reference ends otherwise echoes
    its end now and then. Raises BadReferenceAudio, InvalidRequest if this checkpoint clones no voices or the transcript
    is no words, and SynthesisFailed if what is computed is not finite.
    """
    embed = model.embed_speaker
    if embed is None:
        raise InvalidRequest(
            f"this checkpoint ({model.config.kind}) clones no voices; use a Base checkpoint", param="voice"
        )
    if transcript is not None:
        check_transcript(transcript)
    reference, codec = ReferenceAudio.from_audio(audio), model.codec
    check_whole(reference.is_cut, transcript)
    rate, codes = codec.config.input_sample_rate, None
    if transcript is not None:
        codes = codec.encode(np.pad(reference.resampled(rate), (0, round(tail_s * rate))))
    voice = ReferenceVoice(
        speaker_embedding=embed(reference),
        codes=codes,
        transcript=transcript or "",
        source_sha256=reference.source_sha256,
        duration_s=reference.duration_s,
    )
    return VoicePrompt(voice.to_bytes())
