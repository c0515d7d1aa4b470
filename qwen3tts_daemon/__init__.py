"""A voice daemon for the home: Wyoming, WebSocket and REST in front of one speech engine.

From the top: commands/ and cli > daemon > speech_setup > protocols/ > speech/ > voices/, downloads/ > hosting/,
uploads/ > http_engine/ > audio/, text/, reading/, access/ > live_settings > data_dir/, sparing_log, options,
config_file, tls/ > rates > failures, settings, durable_files, write_threads, bounded_dict > settings_errors >
toml_lines, limits, server_url, own_command, environment, garbage, log_lines, engine_package, which asks whether
`qwen_tts` is ours. hosting/worker.py is the child process and alone imports an engine that computes: qwen_tts or
embedded/, the preview voice. http_engine/ asks a server elsewhere. web/ is the page.
`lint-imports` checks who imports whom.
"""

__version__ = "0.1.0"
