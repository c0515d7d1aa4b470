"""The words of a recording."""

from qwen_tts.api import check_characters
from qwen_tts.errors import InvalidRequest
from qwen_tts.limits import MAX_TRANSCRIPT_CHARS


def check_transcript(transcript: str) -> None:
    """Raises InvalidRequest if no reference audio can have these words."""
    check_characters(transcript, "transcript")
    if not transcript.strip():
        raise InvalidRequest(
            "the transcript is empty; leave it out to use the speaker embedding only", param="transcript"
        )
    if len(transcript) > MAX_TRANSCRIPT_CHARS:
        raise InvalidRequest(
            f"the transcript has {len(transcript)} characters, and at most {MAX_TRANSCRIPT_CHARS} can be in a "
            "reference audio; give the words that are spoken in it, and no others",
            param="transcript",
        )
