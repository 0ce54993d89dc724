"""What each effect of a diagram does, in the transaction of the step that asked for it: one noun a file.

The list of effects is engine/process/language/effects.py; which function carries out which is
engine/commands/wiring.py. What must happen outside (rendering, sending) is queued as a job or notice, in the same
commit.
"""
