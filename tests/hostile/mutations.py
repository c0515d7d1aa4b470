"""Faults that somebody could put into a guard, one at a time, and the tests that find each.

`python -m tests.hostile.mutants` puts each into a copy of the tree and runs its tests, which must fail.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """In a file, which has `before` exactly once."""

    path: str
    before: str
    after: str
    tests: tuple[str, ...]
    """As pytest names them: at least one must fail"""


_HTTP = "qwen3tts_daemon/protocols/http"
_VOICE = "qwen3tts_daemon/protocols/voice_v1"
_WYOMING = "qwen3tts_daemon/protocols/wyoming"
_HOSTING = "qwen3tts_daemon/hosting"
_ACCESS = "qwen3tts_daemon/access"
_UPLOADS = "qwen3tts_daemon/uploads"
_CONTRACT = "tests/contract/test_speech_engine.py"

MUTATIONS: dict[str, Mutation] = {
    # -- how much is held for who does not read ------------------------------------------------------------------------
    "http: sound waits in memory": Mutation(
        f"{_HTTP}/connection.py",
        "set_write_buffer_limits(high=WRITE_BUFFER_BYTES)",
        "set_write_buffer_limits(high=2**30)",
        (
            "tests/wire/test_openai.py::TestStalled",
            "tests/hostile/test_http.py::test_row_24_who_does_not_read_takes_little_and_nobody_waits",
        ),
    ),
    "wyoming: sound waits in memory": Mutation(
        f"{_WYOMING}/server.py",
        "set_write_buffer_limits(high=WRITE_BUFFER_BYTES)",
        "set_write_buffer_limits(high=2**30)",
        ("tests/wire/test_wyoming.py::test_a_client_that_does_not_read_holds_the_engine_back_and_loses_nothing",),
    ),
    "the kernel holds minutes of sound": Mutation(
        "qwen3tts_daemon/protocols/listeners.py",
        "_SEND_BUFFER_BYTES = 64 * 1024",
        "_SEND_BUFFER_BYTES = 64 * 1024 * 1024",
        ("tests/wire/test_websocket.py::test_who_does_not_read_does_not_make_the_engine_run_ahead",),
    ),
    "voice.v1: frames wait without end": Mutation(
        f"{_VOICE}/outbox.py",
        "return self._frames >= MAX_FRAMES",
        "return False",
        ("tests/daemon/test_voice_v1.py", "tests/daemon/test_voice_v1_sockets.py"),
    ),
    "voice.v1: who takes all at once has every turn": Mutation(
        f"{_VOICE}/pump.py",
        "if self._delivered % _TURN_FRAMES == 0:",
        "if False:",
        ("tests/daemon/test_voice_v1_sockets.py::test_others_have_their_turn_while_a_client_takes_all_at_once",),
    ),
    "voice.v1: messages wait without end": Mutation(
        f"{_VOICE}/outbox.py",
        "if len(self._entries) >= MAX_MESSAGES:",
        "if False:",
        ("tests/daemon/test_voice_v1.py::test_a_client_that_never_reads_its_answers_is_given_up",),
    ),
    "voice.v1: who takes nothing stays": Mutation(
        f"{_VOICE}/writer.py",
        "                if delay_s <= 0:",
        "                if delay_s <= -3600:",
        ("tests/daemon/test_voice_v1_sockets.py::TestImpatient",),
    ),
    "wyoming: who takes nothing stays": Mutation(
        f"{_WYOMING}/connection.py",
        "async with asyncio.timeout(self._limits.slow_reader_s):",
        "async with asyncio.timeout(None):",
        ("tests/wire/test_wyoming.py::test_a_client_that_never_reads_is_cut_off_and_could_have_read_why",),
    ),
    "http: who takes nothing stays": Mutation(
        f"{_HTTP}/audio_responses.py",
        "async with asyncio.timeout(_SEND_TIMEOUT_S):",
        "async with asyncio.timeout(None):",
        ("tests/wire/test_openai.py::TestStalled",),
    ),
    "a worker runs ahead of who listens": Mutation(
        f"{_HOSTING}/worker.py",
        "audio.acks_on_read = False",
        "audio.acks_on_read = True",
        ("tests/daemon/test_worker.py::test_a_worker_is_a_window_ahead_of_who_does_not_listen",),
    ),
    "pongs pile up": Mutation(
        f"{_HTTP}/websocket_connection.py",
        "        if self.writable.is_set():",
        "        if True:",
        ("tests/wire/test_floods.py::test_pongs_do_not_pile_up_for_who_does_not_read",),
    ),
    # -- how much may come ---------------------------------------------------------------------------------------------
    "voice.v1: messages of any length": Mutation(
        f"{_HTTP}/server.py",
        "ws_max_size=config.message_bytes",
        "ws_max_size=2**30",
        ("tests/wire/test_websocket.py::test_what_closes_a_socket",),
    ),
    "voice.v1: messages in any number of parts": Mutation(
        f"{_HTTP}/websocket_connection.py",
        "if self._fragments > MOST_FRAGMENTS:",
        "if False:",
        ("tests/wire/test_floods.py::test_a_message_without_end_is_an_error",),
    ),
    "voice.v1: any number of contexts": Mutation(
        f"{_VOICE}/opening.py",
        "if len(self._contexts) >= self._settings.max_contexts:",
        "if False:",
        ("tests/daemon/test_voice_v1.py::test_at_most_so_many_contexts",),
    ),
    "http: bodies of any length by their chunks": Mutation(
        f"{_HTTP}/request_body.py",
        "        self._check_size(self._bytes)\n",
        "",
        ("tests/wire/test_hostile_http.py::test_a_body_too_large_is_refused_without_reading_on",),
    ),
    "http: bodies of any length by their head": Mutation(
        f"{_HTTP}/request_body.py",
        '        self._check_size(int(self._headers.get(b"content-length", b"0")))\n',
        "",
        ("tests/wire/test_hostile_http.py::test_a_body_too_large_is_refused_without_reading_on",),
    ),
    "http: bodies that take for ever": Mutation(
        f"{_HTTP}/request_body.py",
        "async with asyncio.timeout_at(self._deadline):",
        "async with asyncio.timeout_at(None):",
        ("tests/wire/test_hostile_http.py::test_a_body_that_dribbles_is_given_up",),
    ),
    "http: heads of any length": Mutation(
        f"{_HTTP}/connection.py",
        "super().__init__(h11.SERVER)",
        "super().__init__(h11.SERVER, 2**30)",
        ("tests/wire/test_hostile_http.py::test_an_endless_header_is_cut_off",),
    ),
    "http: heads that take for ever": Mutation(
        f"{_HTTP}/connection.py",
        "self._head_timer = self.loop.call_later(self.limits.head_timeout_s, self.transport.close)",
        "pass",
        ("tests/wire/test_hostile_http.py::test_silent_and_half_sent_heads_are_closed_while_others_are_served",),
    ),
    "http: forms of any number of fields": Mutation(
        f"{_HTTP}/multipart.py",
        "max_fields=_MAX_FIELDS",
        "max_fields=10**6",
        ("tests/daemon/test_multipart.py",),
    ),
    "http: fields of any length": Mutation(
        f"{_HTTP}/multipart.py",
        "max_part_size=_MAX_FIELD_BYTES",
        "max_part_size=2**30",
        ("tests/daemon/test_multipart.py",),
    ),
    "wyoming: lines of any length": Mutation(
        f"{_WYOMING}/server.py",
        "limit=HEADER_BYTES",
        "limit=2**30",
        ("tests/wire/test_wyoming.py::test_what_is_no_event_is_told_and_ends_the_connection",),
    ),
    "wyoming: data of any length": Mutation(
        f"{_WYOMING}/wire.py",
        "if data_length > DATA_BYTES:",
        "if False:",
        ("tests/wire/test_wyoming.py::test_what_is_no_event_is_told_and_ends_the_connection",),
    ),
    "wyoming: payloads of any length": Mutation(
        f"{_WYOMING}/wire.py",
        "if payload_length > PAYLOAD_BYTES:",
        "if False:",
        ("tests/wire/test_wyoming.py::test_what_is_no_event_is_told_and_ends_the_connection",),
    ),
    "wyoming: events that take for ever": Mutation(
        f"{_WYOMING}/wire.py",
        "async with asyncio.timeout(message_s):",
        "async with asyncio.timeout(None):",
        ("tests/wire/test_wyoming.py::test_an_event_that_never_gets_complete_is_told",),
    ),
    "wyoming: any number of requests": Mutation(
        f"{_WYOMING}/request_queue.py",
        "if self.unanswered >= self._most:",
        "if False:",
        ("tests/wire/test_wyoming.py::test_requests_without_end_are_told",),
    ),
    "wyoming: who says nothing stays": Mutation(
        f"{_WYOMING}/wire.py",
        "async with asyncio.timeout(idle_s):",
        "async with asyncio.timeout(None):",
        ("tests/wire/test_wyoming.py::test_a_client_that_says_nothing_is_told",),
    ),
    "json: any number of values": Mutation(
        "qwen3tts_daemon/protocols/strict_json.py",
        'if text.count(",") + text.count("[") + text.count("{") > most_values:',
        "if False:",
        ("tests/daemon/test_strict_json.py",),
    ),
    "json: nested to any depth": Mutation(
        "qwen3tts_daemon/protocols/strict_json.py",
        "    except RecursionError:\n        raise Refusal",
        "    except ZeroDivisionError:\n        raise Refusal",
        ("tests/daemon/test_strict_json.py",),
    ),
    "json: a name twice": Mutation(
        "qwen3tts_daemon/protocols/strict_json.py",
        "if len(fields) != len(pairs):",
        "if False:",
        ("tests/daemon/test_strict_json.py",),
    ),
    "json: integers of any length": Mutation(
        "qwen3tts_daemon/protocols/strict_json.py",
        "if len(digits) > _LONGEST_INTEGER:",
        "if False:",
        ("tests/daemon/test_strict_json.py",),
    ),
    "a worker's messages of any length": Mutation(
        f"{_HOSTING}/ipc.py",
        "if size > MAX_MESSAGE_BYTES:",
        "if False:",
        ("tests/daemon/test_worker.py::test_a_message_that_is_too_long_is_not_waited_for",),
    ),
    # -- how many, and how fast ----------------------------------------------------------------------------------------
    "connections: any number of an address": Mutation(
        "qwen3tts_daemon/protocols/connection_quota.py",
        "self._count(client) < self._most_per_address",
        "True",
        ("tests/daemon/test_connection_quota.py",),
    ),
    "connections: any number": Mutation(
        "qwen3tts_daemon/protocols/connection_quota.py",
        "if sum(map(self._count, self._holders)) < self._most:",
        "if True:",
        ("tests/daemon/test_connection_quota.py",),
    ),
    "connections: one at work is dismissed": Mutation(
        "qwen3tts_daemon/protocols/connection_quota.py",
        "[one for one in open_ones if not one.has_work] or",
        "open_ones or",
        ("tests/daemon/test_connection_quota.py",),
    ),
    "connections: one that has gone keeps its place": Mutation(
        f"{_HTTP}/connection.py",
        "        self.limits.quota.release(self, self._address)\n        super().connection_lost(exc)",
        "        super().connection_lost(exc)",
        ("tests/hostile/test_http.py::test_row_13_what_ends_in_the_middle_is_nobodys_fault",),
    ),
    "sockets: any number of an address": Mutation(
        f"{_VOICE}/sockets.py",
        "if self._per_address[address] < self._settings.max_sockets_per_address:",
        "if True:",
        ("tests/wire/test_websocket.py::TestFewSockets",),
    ),
    "proxies: any number of requests of an address": Mutation(
        f"{_HTTP}/concurrency_limit.py",
        "if self._under_way[client] >= self._most:",
        "if False:",
        ("tests/wire/test_floods.py::TestWhoComesByATrustedProxy",),
    ),
    "floods are worked off at once": Mutation(
        "qwen3tts_daemon/protocols/pace.py",
        "return self._in_turn > 0 and not all(bucket.is_empty for bucket in self._buckets)",
        "return True",
        ("tests/daemon/test_pace.py", "tests/wire/test_floods.py::test_frames_are_worked_off_in_turns"),
    ),
    "a line is served as it came": Mutation(
        "qwen_tts/engine/fairness.py",
        "return [one for _, one in sorted(start_tags, key=lambda tagged: tagged[0])]",
        "return [one for _, one in start_tags]",
        ("tests/engine/test_fairness.py",),
    ),
    "a line is filled by one": Mutation(
        "qwen_tts/engine/fairness.py",
        "if client and own >= free:",
        "if False:",
        ("tests/engine/test_fairness.py",),
    ),
    "the engine is not told whose a request is": Mutation(
        "qwen3tts_daemon/speech/voice_selection.py",
        "client=caller.address,",
        'client="",',
        (
            "tests/wire/test_wyoming.py::test_the_engine_learns_whose_a_request_is",
            "tests/wire/test_websocket.py::test_the_engine_learns_whose_a_context_is",
            "tests/wire/test_openai.py::test_the_engine_learns_whose_a_request_is",
        ),
    ),
    "wyoming: the engine is not told whose a request is": Mutation(
        f"{_WYOMING}/responder.py",
        "caller = Caller(address=self._address)",
        "caller = Caller()",
        ("tests/wire/test_wyoming.py::test_the_engine_learns_whose_a_request_is",),
    ),
    "voice.v1: the engine is not told whose a context is": Mutation(
        f"{_VOICE}/connection.py",
        "Caller(ctx.request_id, self._address)",
        "Caller(ctx.request_id)",
        ("tests/wire/test_websocket.py::test_the_engine_learns_whose_a_context_is",),
    ),
    # -- recordings and archives ---------------------------------------------------------------------------------------
    "uploads: any amount of processor time": Mutation(
        f"{_UPLOADS}/confinement.py",
        '"CPU": cpu_s, ',
        "",
        ("tests/daemon/test_uploads.py::test_a_confined_process_opens_starts_and_takes_nothing",),
    ),
    "uploads: any amount of memory": Mutation(
        f"{_UPLOADS}/confinement.py",
        ', "AS": memory_bytes',
        "",
        ("tests/daemon/test_uploads.py::test_a_confined_process_opens_starts_and_takes_nothing",),
    ),
    "uploads: files are opened": Mutation(
        f"{_UPLOADS}/confinement.py",
        '"NOFILE": 0, ',
        "",
        ("tests/daemon/test_uploads.py::test_a_confined_process_opens_starts_and_takes_nothing",),
    ),
    "uploads: files are written": Mutation(
        f"{_UPLOADS}/confinement.py",
        '"FSIZE": 0, ',
        "",
        ("tests/daemon/test_uploads.py::test_a_confined_process_opens_starts_and_takes_nothing",),
    ),
    "uploads: any call of the system": Mutation(
        f"{_UPLOADS}/confinement.py",
        " and system_calls.allow_few()",
        "",
        ("tests/daemon/test_uploads.py::test_a_confined_process_opens_starts_and_takes_nothing",),
    ),
    "uploads: they take for ever": Mutation(
        f"{_UPLOADS}/child_process.py",
        "async with asyncio.timeout(limits.timeout_s):",
        "async with asyncio.timeout(None):",
        ("tests/daemon/test_uploads.py::test_a_child_that_never_ends_is_killed",),
    ),
    "uploads: answers of any length": Mutation(
        f"{_UPLOADS}/child_process.py",
        "await child.stdout.readexactly(max_bytes + 1)",
        "await child.stdout.readexactly(2**40)",
        ("tests/daemon/test_uploads.py::test_a_child_that_crashes_or_lies_is_a_recording_that_cannot_be_decoded",),
    ),
    "uploads: any number at once": Mutation(
        f"{_UPLOADS}/child_process.py",
        "_MOST_CHILDREN = 2",
        "_MOST_CHILDREN = 200",
        ("tests/daemon/test_uploads.py::test_two_children_at_once_and_the_others_wait",),
    ),
    "uploads: hours of sound": Mutation(
        f"{_UPLOADS}/decoder.py",
        "if mixer.samples > max_duration_s * sample_rate:",
        "if False:",
        ("tests/daemon/test_uploads.py::test_hours_of_silence_in_a_small_file_are_not_decoded",),
    ),
    "uploads: archives of any number of files": Mutation(
        f"{_UPLOADS}/voice_files.py",
        "if archive.count(_ENTRY) > _MAX_MEMBERS:",
        "if False:",
        ("tests/daemon/test_voice_archive.py",),
    ),
    "uploads: what is packed may become any length": Mutation(
        f"{_UPLOADS}/voice_files.py",
        "content = file.read(most + 1)\n    if len(content) > most:",
        "content = file.read()\n    if False:",
        ("tests/daemon/test_voice_archive.py", "tests/wire/test_imports.py::test_no_bomb_grows_the_daemon"),
    ),
    # -- who leaves ends the work --------------------------------------------------------------------------------------
    "an utterance goes on when it is left": Mutation(
        "qwen3tts_daemon/speech/utterance.py",
        "        self.cancel()\n        is_fault = isinstance(error, Exception)",
        "        is_fault = isinstance(error, Exception)",
        ("tests/daemon/test_speech.py::test_leaving_frees_the_row_and_the_lease",),
    ),
    "a stream goes on when it is left": Mutation(
        "qwen_tts/stream.py",
        "        self.cancel()\n\n    def __aiter__",
        "        pass\n\n    def __aiter__",
        (f"{_CONTRACT}::test_leaving_its_block_ends_a_stream[tone]",),
    ),
    "the worker is not told of a cancel": Mutation(
        f"{_HOSTING}/worker_client.py",
        "        self._send(ipc.Cancel(self._stream))\n",
        "",
        (f"{_CONTRACT}::test_rows_are_limited_and_freed[tone in a worker]",),
    ),
    "the worker hears of a cancel and goes on": Mutation(
        f"{_HOSTING}/worker.py",
        "                case ipc.Cancel():\n                    audio.cancel()",
        "                case ipc.Cancel():\n                    pass",
        (f"{_CONTRACT}::test_rows_are_limited_and_freed[tone in a worker]",),
    ),
    "voice.v1: a cancel reaches no utterance": Mutation(
        f"{_VOICE}/connection.py",
        "                utterance.cancel()\n                pump.wake()",
        "                pump.wake()",
        ("tests/wire/test_websocket.py::test_a_cancel_reaches_an_engine_that_gives_nothing",),
    ),
    "wyoming: an answer goes on for who has left": Mutation(
        f"{_WYOMING}/connection.py",
        "            for task in tasks:\n                task.cancel()\n            results",
        "            results",
        ("tests/wire/test_wyoming.py::test_a_client_that_leaves_while_nothing_sounds_ends_the_work",),
    ),
    "http: an answer goes on for who has left": Mutation(
        f"{_HTTP}/audio_responses.py",
        "    disconnect.add_done_callback(lambda _: utterance.cancel())\n",
        "",
        ("tests/wire/test_openai.py::TestSlow::test_a_client_that_leaves_before_the_first_sound_frees_the_row",),
    ),
    "voice.v1: a forgotten browser speaks on": Mutation(
        f"{_VOICE}/sockets.py",
        "            if claim in claims:\n",
        "            if False:\n",
        ("tests/wire/test_pairing.py::test_what_a_forgotten_browser_has_open_ends_unless_anybody_near_may",),
    ),
    "voice.v1: who answers no ping stays": Mutation(
        f"{_HTTP}/server.py",
        "ws_ping_timeout=config.ping_s",
        "ws_ping_timeout=None",
        ("tests/wire/test_floods.py::test_who_answers_no_ping_is_cut_off",),
    ),
    "voice.v1: nobody is pinged": Mutation(
        f"{_HTTP}/server.py",
        "ws_ping_interval=config.ping_s",
        "ws_ping_interval=None",
        ("tests/wire/test_floods.py::test_who_answers_no_ping_is_cut_off",),
    ),
    # -- what is kept --------------------------------------------------------------------------------------------------
    "a file is not synced": Mutation(
        "qwen3tts_daemon/durable_files.py",
        "                os.fsync(file.fileno())\n",
        "                pass\n",
        ("tests/hostile/test_durability.py",),
    ),
    "a folder is not synced": Mutation(
        "qwen3tts_daemon/durable_files.py",
        "        os.fsync(number)\n",
        "        pass\n",
        ("tests/hostile/test_durability.py",),
    ),
    "a file takes its name before it is whole": Mutation(
        "qwen3tts_daemon/durable_files.py",
        "    if is_synced:\n        sync_folder(path.parent)\n",
        "",
        ("tests/hostile/test_durability.py",),
    ),
    "a new voice may lose its name": Mutation(
        "qwen3tts_daemon/voices/voice_folders.py",
        "        try:\n            durable_files.sync_folder(self._directory)\n        except BaseException:  # who",
        "        try:\n            pass\n        except BaseException:  # who",
        ("tests/hostile/test_durability.py",),
    ),
    "a new voice may lose its files": Mutation(
        "qwen3tts_daemon/voices/voice_folders.py",
        "            durable_files.sync_folder(making)\n",
        "",
        ("tests/hostile/test_durability.py",),
    ),
    "a deleted voice may come back": Mutation(
        "qwen3tts_daemon/voices/voice_folders.py",
        "            folder.rename(going)\n        try:\n            durable_files.sync_folder(self._directory)\n",
        "            folder.rename(going)\n        try:\n            pass\n",
        ("tests/hostile/test_durability.py",),
    ),
    # -- who may -------------------------------------------------------------------------------------------------------
    "tickets do not expire": Mutation(
        f"{_ACCESS}/expiring_tokens.py",
        "return entry is not None and self._clock() < entry.expires_at",
        "return entry is not None",
        ("tests/daemon/test_auth.py", "tests/daemon/test_expiring_tokens.py"),
    ),
    "tickets are good twice": Mutation(
        f"{_ACCESS}/expiring_tokens.py",
        "        self._drop(token)\n        return True",
        "        return True",
        ("tests/daemon/test_auth.py", "tests/daemon/test_expiring_tokens.py"),
    ),
    "tickets push out those of others": Mutation(
        f"{_ACCESS}/expiring_tokens.py",
        "if len(self._tokens_of[owner]) >= _MOST_EACH:",
        "if False:",
        ("tests/daemon/test_expiring_tokens.py",),
    ),
    "any name is ours": Mutation(
        f"{_ACCESS}/auth.py",
        "            raise self._hosts.refuse(host)\n",
        "            pass\n",
        ("tests/daemon/test_auth.py",),
    ),
    "any page may speak": Mutation(
        f"{_ACCESS}/auth.py",
        'if method not in _SAFE_METHODS and sender == "foreign":',
        "if False:",
        ("tests/daemon/test_auth.py",),
    ),
    "any page may load what speaks": Mutation(
        f"{_ACCESS}/auth.py",
        '        if self.sender == "foreign":',
        "        if False:",
        ("tests/daemon/test_auth.py", "tests/wire/test_hostile_http.py::test_what_a_foreign_page_loads_does_not_speak"),
    ),
    "any token will do": Mutation(
        f"{_ACCESS}/auth.py",
        'return hmac.compare_digest(value.encode("utf-8", "replace"), self._token.encode())',
        "return bool(value)",
        ("tests/daemon/test_auth.py",),
    ),
    # -- the end, and the engine's process -----------------------------------------------------------------------------
    "a stop waits for every utterance": Mutation(
        "qwen3tts_daemon/speech/service.py",
        "async with asyncio.timeout(limit_s):",
        "async with asyncio.timeout(None):",
        ("tests/daemon/test_speech.py::test_drain_cancels_what_does_not_end",),
    ),
    "a stop waits for every socket": Mutation(
        f"{_VOICE}/sockets.py",
        "async with asyncio.timeout(limit_s):",
        "async with asyncio.timeout(None):",
        ("tests/wire/test_websocket.py::TestSlowEngine::test_draining_does_not_wait_for_ever",),
    ),
    "a stop waits for who reads no last words": Mutation(
        f"{_VOICE}/sockets.py",
        "async with asyncio.timeout(LAST_WORDS_S):",
        "async with asyncio.timeout(None):",
        ("tests/daemon/test_voice_v1_sockets.py::TestPatient",),
    ),
    "a stop waits for who takes no answer": Mutation(
        f"{_HTTP}/server.py",
        "timeout_graceful_shutdown=config.grace_s",
        "timeout_graceful_shutdown=None",
        ("tests/wire/test_floods.py::test_the_door_does_not_wait_for_a_body_that_does_not_come",),
    ),
    "a stop waits for who closes no connection": Mutation(
        f"{_WYOMING}/connection.py",
        "async with asyncio.timeout(self._limits.closing_s if self._may_linger() else 0):",
        "async with asyncio.timeout(None):",
        ("tests/wire/test_wyoming.py::test_a_client_that_does_not_close_is_closed",),
    ),
    "a stop waits for a worker that hangs": Mutation(
        f"{_HOSTING}/worker_client.py",
        "async with asyncio.timeout(_SHUTDOWN_S):",
        "async with asyncio.timeout(None):",
        ("tests/daemon/test_worker.py::test_a_worker_that_does_not_end_is_killed",),
    ),
    "a second signal is not heard": Mutation(
        "qwen3tts_daemon/daemon.py",
        "            os._exit(1)\n",
        "            pass\n",
        ("tests/wire/test_daemon.py::test_a_second_signal_stops_now",),
    ),
    "a worker that stalls is waited for": Mutation(
        f"{_HOSTING}/worker_client.py",
        "        _kill(self._process)\n\n    async def _read(self)",
        "        pass\n\n    async def _read(self)",
        ("tests/daemon/test_worker.py::test_a_worker_that_stalls_is_killed_and_its_streams_end",),
    ),
    "a worker that says nothing is waited for": Mutation(
        f"{_HOSTING}/worker_client.py",
        "        async with asyncio.timeout(timeout_s):\n            answer = await link.receive()",
        "        async with asyncio.timeout(None):\n            answer = await link.receive()",
        ("tests/daemon/test_worker.py::test_a_worker_that_says_nothing_is_given_up",),
    ),
    "a request waits for ever for the engine": Mutation(
        f"{_HOSTING}/model_manager.py",
        "async with asyncio.timeout(self._config.load_timeout_s):",
        "async with asyncio.timeout(None):",
        ("tests/daemon/test_model_manager.py::test_a_lease_waits_for_a_load_as_long_as_it_is_told_and_no_longer",),
    ),
    "an engine that crashes is started without a pause": Mutation(
        f"{_HOSTING}/model_manager.py",
        "            await asyncio.sleep(self._backoff.delay_s)\n",
        "",
        ("tests/daemon/test_model_manager.py::test_an_engine_that_crashes_again_and_again_is_restarted_ever_later",),
    ),
}
