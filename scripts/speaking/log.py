"""Lines that say how a stage goes."""


def say(stage: str, **figures: object) -> None:
    """One line of a log."""
    told = (f"{name} {value:.3f}" if isinstance(value, float) else f"{name} {value}" for name, value in figures.items())
    print(f"{stage}: " + ", ".join(told), flush=True)
