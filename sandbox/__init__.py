"""A stand-in of SortedPRO (PRO) over HTTP, to develop, demonstrate and test against.

Built from PRO's contract only (tests/contract/openapi.yaml and the written rules), never from
the service's client, so that a mistake in the client cannot hide here. State is in memory.

Open `operations.py` first: one table of what can be asked and which function answers it.
"RULES n.n" in a comment names the section of PRO's written rules that a behaviour follows.
"""
