"""Every kind of attack that is known to us, and the tests that prove what it is answered, wherever they are.

Rows 1 to 30 are those of HTTP and WebSocket, the others have names. test_checklist.py sees that each test is there.
"""

ROWS: dict[str, tuple[str, ...]] = {
    "1: a WebSocket or request of another origin": (
        "tests/hostile/test_http.py::test_row_1_another_page_makes_nothing_speak",
        "tests/hostile/test_http.py::test_row_1_of_two_origins_none_counts",
        "tests/wire/test_origins.py::test_sockets_of_listed_pages",
    ),
    "2: a WebSocket without an origin": ("tests/wire/test_websocket.py::test_hello_world",),
    "3: another, no or two hosts; DNS rebinding": (
        "tests/hostile/test_http.py::test_row_3_another_name_is_never_ours",
        "tests/hostile/test_http.py::test_row_3_a_target_with_another_name_leads_nowhere",
        "tests/daemon/test_auth.py::test_two_hosts_are_refused",
        "tests/web/test_foreign_pages.py::test_a_name_that_leads_here_by_rebinding_is_refused",
    ),
    "4: a foreign page that unloads or speaks": (
        "tests/wire/test_hostile_http.py::test_foreign_pages_cannot_make_it_speak",
        "tests/web/test_foreign_pages.py::test_it_cannot_make_the_daemon_speak",
    ),
    "5: a foreign page that asks first": ("tests/wire/test_hostile_http.py::test_no_answer_invites_other_origins",),
    "6: no token, a wrong one, one in the address": (
        "tests/hostile/test_http.py::test_row_6_what_is_not_the_token_opens_nothing",
        "tests/hostile/test_http.py::test_row_6_who_comes_by_an_unknown_proxy_is_a_stranger",
        "tests/wire/test_hostile_http.py::test_a_key_in_the_query_is_refused",
    ),
    "7: a ticket twice or late": ("tests/daemon/test_auth.py::test_a_ticket_opens_one_socket_or_get_soon",),
    "8: names of voices that are paths": ("tests/hostile/test_http.py::test_row_8_no_name_of_a_voice_is_a_path",),
    "9: paths that lead elsewhere": ("tests/wire/test_hostile_http.py::test_paths_lead_nowhere_else",),
    "10: texts of every kind": (
        "tests/wire/test_hostile_http.py::test_text_of_odd_characters_is_spoken_or_a_silence_never_a_crash",
        "tests/wire/test_every_door.py::test_an_empty_text_is_an_error_but_for_wyoming",
        "tests/hostile/test_targets.py::test_the_law_holds_for_any_bytes",
    ),
    "11: numbers of every kind": (
        "tests/hostile/test_http.py::test_row_11_a_query_is_spoken_or_told",
        "tests/daemon/test_field_types.py::test_a_request_has_the_bounds_of_the_engine",
    ),
    "12: what is no JSON": ("tests/wire/test_hostile_http.py::test_only_json_is_json",),
    "13: bodies that dribble or lie": (
        "tests/hostile/test_http.py::test_row_13_what_two_readers_may_read_differently_ends_the_connection",
        "tests/hostile/test_http.py::test_row_13_broken_chunks_are_refused",
        "tests/hostile/test_http.py::test_row_13_what_ends_in_the_middle_is_nobodys_fault",
        "tests/wire/test_hostile_http.py::test_a_body_that_dribbles_is_given_up",
        "tests/wire/test_hostile_http.py::test_a_body_too_large_is_refused_without_reading_on",
    ),
    "14: heads that never end": (
        "tests/hostile/test_http.py::test_row_14_heads_that_never_end_cost_little_and_others_are_served",
        "tests/wire/test_hostile_http.py::test_silent_and_half_sent_heads_are_closed_while_others_are_served",
        "tests/wire/test_hostile_http.py::test_an_endless_header_is_cut_off",
    ),
    "15: recordings that are none": (
        "tests/hostile/test_http.py::test_row_15_what_is_no_recording_is_told_and_costs_the_daemon_nothing",
        "tests/daemon/test_uploads.py::test_hours_of_silence_in_a_small_file_are_not_decoded",
        "tests/wire/test_imports.py::test_no_bomb_grows_the_daemon",
    ),
    "16: voice prompts that are none": (
        "tests/hostile/test_http.py::test_row_16_a_voice_prompt_that_is_none_is_not_kept",
        "tests/daemon/test_voice_archive.py::test_a_prompt_that_is_none_is_not_kept",
    ),
    "17: codes that are none": (
        "tests/hostile/test_http.py::test_row_17_codes_that_are_none_break_nothing",
        "tests/wire/test_api.py::test_codes_that_are_none_break_nothing",
    ),
    "18: a recording by its address": (
        "tests/wire/test_one_off_clones.py::test_what_is_no_recording_is_told_by_its_field",
    ),
    "19: names of files": (
        "tests/hostile/test_http.py::test_row_19_the_name_of_a_file_is_neither_a_path_nor_a_header",
    ),
    "20: markup in what the page shows": (
        "tests/wire/test_hostile_http.py::test_every_answer_has_the_headers_of_a_careful_server",
    ),
    "21: frames and messages of every kind": (
        "tests/hostile/test_websocket.py::test_row_21_a_frame_that_is_none_closes_with_its_code",
        "tests/hostile/test_websocket.py::test_row_21_an_odd_message_is_told_and_harms_nothing",
        "tests/hostile/test_websocket.py::test_row_21_a_crowd_of_messages_is_told_then_cut_off",
        "tests/hostile/test_sessions.py::test_whatever_is_said_in_whatever_order",
        "tests/wire/test_floods.py::test_frames_are_worked_off_in_turns",
    ),
    "22: cancels at every moment": (
        "tests/hostile/test_websocket.py::test_row_22_nobody_cancels_for_another",
        "tests/daemon/test_voice_v1.py::test_cancel_is_idempotent_and_says_what_it_does_not_know",
        "tests/wire/test_websocket.py::test_cancelled_while_it_waits_it_never_reaches_the_engine",
    ),
    "23: clients that leave": (
        "tests/hostile/test_http.py::test_row_23_who_leaves_ends_the_work",
        "tests/hostile/test_websocket.py::test_row_23_who_leaves_ends_the_work",
        "tests/hostile/test_wyoming.py::test_who_leaves_ends_the_work",
    ),
    "24: clients that do not read": (
        "tests/hostile/test_http.py::test_row_24_who_does_not_read_takes_little_and_nobody_waits",
        "tests/hostile/test_websocket.py::test_row_24_who_does_not_read_takes_little_and_nobody_waits",
        "tests/hostile/test_wyoming.py::test_who_does_not_read_takes_little_and_nobody_waits",
        "tests/wire/test_websocket.py::TestTight::test_who_does_not_read_is_cut_off",
    ),
    "25: unloading what speaks": (
        "tests/wire/test_rest.py::TestSlow::test_offloading_cuts_nobody_and_the_next_request_loads_again",
    ),
    "26: an engine that fails": (
        "tests/wire/test_daemon.py::test_a_load_that_fails_leaves_the_daemon_answering",
        "tests/wire/test_daemon.py::test_a_worker_that_is_killed_comes_back_and_the_next_request_works",
    ),
    "27: a stop at every moment": (
        "tests/wire/test_daemon.py::test_a_stop_is_heard_at_every_moment_of_the_start",
        "tests/wire/test_daemon.py::test_stalled_clients_do_not_hold_up_the_stop",
        "tests/wire/test_daemon.py::test_a_second_signal_stops_now",
    ),
    "28: what the log tells": (
        "tests/hostile/test_websocket.py::test_row_28_nothing_that_is_said_is_logged",
        "tests/hostile/test_wyoming.py::test_nothing_that_is_said_is_logged",
        "tests/wire/test_hostile_http.py::test_logs_hold_no_secret_and_no_line_of_a_client",
        "tests/daemon/test_lexicon.py::test_what_is_no_pinyin_is_told_without_the_text",
        "tests/test_overheard.py::test_every_client_of_the_tests_is_heard",
    ),
    "29: headers of answers": (
        "tests/wire/test_hostile_http.py::test_every_answer_has_the_headers_of_a_careful_server",
        "tests/wire/test_header_grades.py::test_every_answer_has_full_marks",
    ),
    "30: what strangers learn": ("tests/wire/test_http.py::test_a_stranger_learns_that_it_lives_and_no_more",),
    "forms that are none": ("tests/hostile/test_http.py::test_a_form_that_is_none_is_told",),
    "other languages on a port": (
        "tests/hostile/test_other_languages.py::test_it_is_answered_or_cut_off",
        "tests/hostile/test_other_languages.py::test_tls_is_refused_in_the_clear",
        "tests/hostile/test_other_languages.py::test_each_is_told_in_few_lines_however_often_it_comes",
    ),
    "wyoming: events that are none, and lying lengths": (
        "tests/hostile/test_wyoming.py::test_a_trap_of_the_protocol_is_answered_or_told",
        "tests/wire/test_wyoming.py::test_what_is_no_event_is_told_and_ends_the_connection",
        "tests/wire/test_wyoming.py::test_an_event_that_never_gets_complete_is_told",
    ),
    "wyoming: an answer without its end": (
        "tests/wire/test_wyoming.py::test_home_assistant_does_not_wait_for_an_answer_that_failed",
        "tests/wire/test_wyoming.py::test_a_stop_is_told_to_who_waits_for_an_answer",
        "tests/hostile/test_sessions.py::test_whatever_is_said_in_whatever_order",
    ),
    "wyoming: crowds and floods": (
        "tests/wire/test_wyoming_crowd.py::test_forty_satellites_are_served_beside_a_flooder",
        "tests/hostile/test_wyoming.py::test_fifty_streams_at_once_on_one_connection_are_told_as_too_many",
    ),
    "zeroconf: malformed packets and records without end": (
        "tests/hostile/test_zeroconf.py::test_malformed_packets_change_nothing",
        "tests/hostile/test_zeroconf.py::test_records_of_others_do_not_fill_the_memory",
    ),
}
