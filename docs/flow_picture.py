"""Draw the table of service/flow.py: `generate.py` writes it to pictures/flow.svg."""

from collections.abc import Iterator
from xml.sax.saxutils import escape

from service.events.topics import RECEIVED_FROM_OTHERS
from service.flow import FLOW, Step

ROW = 64
"""Pixels from one step to the next."""
TOP = 56

_STYLE = """
    .room { fill: #ffffff; stroke: #57606a; stroke-width: 1.2 }
    .step { fill: #ddf4ff; stroke: #0969da; stroke-width: 1.2 }
    .event { fill: #fff8c5; stroke: #9a6700; stroke-width: 1 }
    .again { stroke-dasharray: 5 4 }
    .arrow { fill: none; stroke: #57606a; stroke-width: 1.4; marker-end: url(#head) }
    .head { fill: #57606a }
    text { fill: #1f2328 }
    .dim { fill: #57606a; font-size: 12px }
    .title { font-weight: 600 }
    @media (prefers-color-scheme: dark) {
      .room { fill: #161b22; stroke: #8b949e }
      .step { fill: #10243e; stroke: #58a6ff }
      .event { fill: #2d2410; stroke: #d29922 }
      .arrow { stroke: #8b949e }
      .head { fill: #8b949e }
      text { fill: #e6edf3 }
      .dim { fill: #8b949e }
    }"""

_LOOK = (
    'role="img" aria-labelledby="t d" font-family="ui-sans-serif, system-ui, sans-serif" '
    'font-size="13"'
)

_TOLD = (
    "Events from the platform lie on Kafka topics. The service takes each up, asks PRO, stores the "
    "answer in the ledger and publishes outcome events. Some of these it consumes again."
)

_ARROWHEAD = (
    '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
    'orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker>'
)


def flow_picture() -> str:
    """Every step, top to bottom: the event in, the operation of PRO, the outcome events."""
    foot = TOP + len(FLOW) * ROW + 8
    height = foot + 56
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 {height}" {_LOOK}>',
            '  <title id="t">The flow of an order</title>',
            f'  <desc id="d">{_TOLD}</desc>',
            f"  <style>{_STYLE}",
            "  </style>",
            f"  <defs>{_ARROWHEAD}</defs>",
            *_room(8, 280, height, "Kafka: events in"),
            *_room(324, 396, height, "orderflex: one step for each event"),
            *_room(756, 236, height, "Kafka: outcome events"),
            *(line for n, step in enumerate(FLOW) for line in _row(step, TOP + n * ROW)),
            *_texts(24, foot + 10, "Dashed: an outcome of ours,", "consumed again."),
            *_texts(
                340,
                foot + 10,
                "Around every step, in the ledger: the intent is stored before",
                "PRO is asked, the answer before the outcome event is published.",
            ),
            "</svg>",
            "",
        ]
    )


def _room(x: int, width: int, height: int, title: str) -> Iterator[str]:
    yield f'  <rect class="room" x="{x}" y="8" width="{width}" height="{height - 16}" rx="8"/>'
    yield f'  <text class="title" x="{x + 16}" y="32">{title}</text>'


def _row(step: Step, y: int) -> Iterator[str]:
    again = "" if step.event in RECEIVED_FROM_OTHERS else " again"
    yield f'  <rect class="event{again}" x="24" y="{y}" width="248" height="40" rx="6"/>'
    yield f'  <text x="36" y="{y + 25}">{step.event.value}</text>'
    yield f'  <rect class="step" x="340" y="{y}" width="364" height="40" rx="6"/>'
    yield f'  <text x="352" y="{y + 25}">PRO: {escape(step.pro_operation)}</text>'
    yield f'  <path class="arrow" d="M272 {y + 20}H338"/>'
    yield f'  <path class="arrow" d="M704 {y + 20}H768"/>'
    first, *others = (outcome.value for outcome in step.outcomes)
    yield f'  <text x="772" y="{y + (17 if others else 25)}">{first}</text>'
    if others:
        shown = " or ".join(other.rpartition(".")[2] for other in others)
        yield f'  <text class="dim" x="772" y="{y + 34}">or ….{shown}</text>'


def _texts(x: int, y: int, *lines: str) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f'  <text class="dim" x="{x}" y="{y + number * 18}">{line}</text>'
