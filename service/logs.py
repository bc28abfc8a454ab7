"""Logs: one JSON object a line, or coloured lines on a terminal. Ids and codes, never people."""

import logging
import sys

import structlog

NOISY = ("aiokafka", "faststream", "uvicorn", "alembic", "httpx", "httpcore")
"""Libraries of which only warnings are of interest; aiokafka repeats itself while a broker is
away, so its lines pass a throttle."""


class Throttle(logging.Filter):
    """Lets one equal line through in a while."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds
        self._said: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Drop a line whose place in the code spoke less than so many seconds before."""
        place = (record.name, record.lineno)
        if record.created - self._said.get(place, 0.0) < self._seconds:
            return False
        self._said[place] = record.created
        return True


def configure(level: str, *, pretty: bool | None = None) -> None:
    """Set logging up for the whole process; `pretty` None means: on a terminal."""
    as_lines = sys.stderr.isatty() if pretty is None else pretty
    renderer: structlog.typing.Processor = (
        # The usual formatter shows the variables of every place that an error passed.
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if as_lines
        else structlog.processors.JSONRenderer()
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    handler.addFilter(_OnlyForeign(Throttle(10.0)))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))


class _OnlyForeign(logging.Filter):
    """Applies a filter to the libraries' lines alone."""

    def __init__(self, inner: logging.Filter) -> None:
        super().__init__()
        self._inner = inner

    def filter(self, record: logging.LogRecord) -> bool:
        """Let our own lines through."""
        if not record.name.startswith(NOISY):
            return True
        return bool(self._inner.filter(record))
