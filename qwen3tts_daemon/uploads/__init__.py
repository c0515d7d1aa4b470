"""Recordings and archives from outside, read in a child process with limits: decoders have had holes.

reader          this side: one upload -> samples or a voice, or a sentence for whoever sent it
child_process   its child: started, asked, bounded
child           that side: one upload on stdin, what is in it on stdout; imports nothing heavy
confinement     no files, no sockets, no programs, so much memory and time
system_calls    all that it may still ask of the kernel
decoder, mixer  a recording -> mono PCM, there
voice_files     the files of a voice, and how an archive gives them out

Imports no other room.
"""
