"""The operations API over HTTP: look-ups, what needs attention, and what people ask for."""
