"""The HTTP port, from the bytes to the application.

server, connection, websocket_connection   uvicorn's, with a pace and an end for everything
middleware, cors     what comes in is admitted or refused, every error leaves from here
app                  the application: health, login, the page, API docs, and the routes
routes/              the doors to speech, one file for each family of paths
json_body, multipart, field_types, speech_request   what a request may hold
response_schemas, audio_responses                   what an answer holds, and sound that is sent while it is spoken

Imports speech, access and what protocols/ shares.
"""
