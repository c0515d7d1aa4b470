"""What needs the checkpoint. Each stage takes plain arguments and gives figures; none knows the others.

plan         which texts are spoken, in which language, how, with which seed
speaking     through the engine as it is served; what it said is kept
voices       who speaks: a preset, a description, the voice of a recording
takes        a take -> figures
fidelity     the sound that was played beside float32's of the same codes
likeness     a cloned voice beside its recording
plain        a text through the plain generator, greedy
precision    each dtype that the device has
official     the official package in a process of its own; official_codes.py is what runs there
recogniser   a command that listens
"""
