"""The numbers the daemon counts, with units in their names."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from qwen3tts_daemon.speech.report import Report

_TTFA_BUCKETS = (0.02, 0.04, 0.06, 0.1, 0.2, 0.4, 0.7, 1.0, 2.0, 5.0)
_RTF_BUCKETS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 2.0)


class Metrics:
    """One registry per daemon, so that two daemons in one process do not mix."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        by = ("protocol",)
        self.utterances = Counter(
            "qwen3tts_utterances", "Utterances by how they ended.", (*by, "end"), registry=self._registry
        )
        self.cached = Counter(
            "qwen3tts_cached_utterances",
            "Utterances that were kept, and needed no engine.",
            by,
            registry=self._registry,
        )
        self.audio_seconds = Counter("qwen3tts_audio_seconds", "Seconds of speech sent.", by, registry=self._registry)
        self.characters = Counter("qwen3tts_characters", "Characters received.", by, registry=self._registry)
        self.ttfa_seconds = Histogram(
            "qwen3tts_ttfa_seconds", "From text to the first chunk.", by, buckets=_TTFA_BUCKETS, registry=self._registry
        )
        self.rtf = Histogram(
            "qwen3tts_rtf", "Synthesis time / audio time.", buckets=_RTF_BUCKETS, registry=self._registry
        )
        self.guards = Counter(
            "qwen3tts_guards", "What had to be done against a model's mistakes.", ("guard",), registry=self._registry
        )
        self.rows_active = Gauge("qwen3tts_rows_active", "Utterances being spoken.", registry=self._registry)
        self.engine_ready = Gauge("qwen3tts_engine_ready", "1 while an engine is warm.", registry=self._registry)

    def count(self, report: Report) -> None:
        """An utterance that has ended."""
        measures, protocol = report.measures, report.protocol
        self.utterances.labels(protocol, report.end).inc()
        if measures.is_cached:
            self.cached.labels(protocol).inc()
        self.audio_seconds.labels(protocol).inc(measures.audio_s)
        self.characters.labels(protocol).inc(measures.chars)
        if measures.ttfa_s is not None:
            self.ttfa_seconds.labels(protocol).observe(measures.ttfa_s)
        if measures.rtf is not None:
            self.rtf.observe(measures.rtf)
        for guard, count in measures.guards.items():
            self.guards.labels(guard).inc(count)

    def exposition(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self._registry)
