"""Attacks on whole daemons over real sockets, and fuzzing of what reads bytes of others.

test_http, test_websocket, test_wyoming, test_zeroconf, test_other_languages    one file for each port and its attackers
test_limits, test_durability  settings made tight, and what is on the disk when a client is told that it is kept
checklist, test_checklist     every kind of attack, and the tests that prove its answer, wherever they are
voice_v1_sessions, wyoming_sessions, rest_sessions, test_sessions    sessions in any order, as state machines
engine_sessions, mixed_sessions, test_sessions_with_qwen    listeners of Qwen3-TTS, and all doors at once
targets, kept, test_targets   laws for any bytes, and what has broken them
request_targets, checkpoint_targets, target    those of requests and of a checkpoint's files; what a fuzzer calls
long, coverage_guided         all of it for as long as you like: python -m tests.hostile.long --minutes 10
mutations, mutants, test_mutations    guards taken away, which tests must find: python -m tests.hostile.mutants
watched, watched_daemon, watched_qwen    a daemon that tells what it holds, with rows and pages
"""
