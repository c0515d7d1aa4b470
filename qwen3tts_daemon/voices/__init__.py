"""Who can speak, under which names.

catalogue             a request's voice -> who speaks, in which language
known_voices          the voices that can be spoken with now
name_resolver         a name -> the voice that is meant, or why there is none
default_voices        who speaks if no voice is named
settings_problems     what the settings say of voices that there are not
names                 how names are written, compared and listed
aliases               further names of voices: settings', OpenAI's, other products'
speaker_translations  what speakers of the official checkpoints and preview voices are like, in other languages
profiles              voices of the settings: others, spoken in a way of their own
library               voices that people keep
stored_voice          such a voice, as its card says it; voice_id: what it may be called in paths
voice_folders         its files on disk, whole after a crash
archive               a voice that another daemon exported
stored_prompts        the voice prompt that a stored voice speaks with
recent_takes          what designed voices said lately; a good one may be kept
sample_files          how voices sound, as files; made ahead
trial_references      recordings that are only tried

Imports hosting, uploads, audio and text.
"""
