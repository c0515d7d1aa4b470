"""`check`: a checkpoint speaks fixed sentences, and what comes of it is measured, judged and told.

```
options, sentences --> run --> checkpoint --> stages/ --> takes --> measures/ --> report --> verdicts --> summary
                                 one after the other                                 |
                                                                                     +-----> measured_table
```
options        what is to be checked; what the command lines of daemon and engine have in common
sentences      twenty texts in each language; sentences.toml
run            the checkpoints one after the other, into files and words; the exit code
checkpoint     one checkpoint, stage after stage: whatever fails, what was measured stays
identity       machine and checkpoint as a report names them
privacy        messages without what is private
stages/        what needs the checkpoint: it speaks, in each dtype, beside the official package, to a recogniser
measures/      sound and codes -> figures, no torch
report         the figures as plain values
verdicts       what of them is wrong, beside the table of expectations
summary        the report in words; progress: the time that is left
measured_table the report as a table of expectations, which `guards.expectations` takes

The report can be sent to anybody: no paths, names of users or machines, and no texts but ours.

Imports bench, engine, offline, runtime, checkpoint, audio and config.
"""
