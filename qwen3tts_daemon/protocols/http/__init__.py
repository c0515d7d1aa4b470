"""The HTTP port, from the bytes to the application.

server, connection, websocket_connection   uvicorn's, with a pace and an end for everything
tls_arrival          a connection while its TLS is agreed
middleware           admits and refuses, and every error leaves from here; it is made of
  request_body         how long and how slow a body may be
  concurrency_limit    how many requests an address may have under way
  replies, routing_errors, security_headers, cors   how answers leave, and what browsers may do with them
  request_state        what was found out about a request, for whoever answers it
app                  the application: puts together
routes/              the doors to speech, one file for each family of paths
own_url              where other devices reach the daemon, for links that it gives out
json_body, multipart, field_types, speech_request   what a request may hold
speech_bodies        bodies that say what is spoken; a recording may be in them, whose voice speaks
response_schemas, audio_responses                   what an answer holds, and sound that is sent while it is spoken
sound_bodies, word_lists, character_times           as what it is sent, and what is told of its words
openapi              what the API document says of all this

"""
