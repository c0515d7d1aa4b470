"""`python -m qwen3tts_daemon` is the program `qwen3tts-daemon`."""

from qwen3tts_daemon.cli import main

if __name__ == "__main__":
    main()
