"""Traces: from the platform's event through PRO calls and retries to the last outcome.

    words.py        every attribute that a span may carry, a closed list
    traceparent.py  W3C trace context, read and written
    traced.py       what the code speaks to: the piece of work under way, recorded or not
    tracer.py       which work is recorded, and where it stands in its trace
    recorded.py     the spans of recorded work
    export.py       how spans leave, without ever holding up the work

Without a collector only words.py, traceparent.py and traced.py are loaded, and do nothing.
"""
