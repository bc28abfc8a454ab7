"""A tiny collector: takes OTLP over HTTP, and keeps what it was sent."""

import gzip
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from .spans import Seen


@dataclass
class Collector:
    """What it was sent, and how it answers. `bodies` are the requests' own bytes."""

    port: int = 0
    scheme: str = "http"
    status: int = 200
    leads_to: str = ""
    """Where a redirection leads."""
    answering: threading.Event = field(default_factory=threading.Event)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def spans(self) -> list[Seen]:
        """All spans that it has, in order of arrival."""
        found = []
        for body in list(self.bodies):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                told = _attributes(resource.resource.attributes)
                for scope in resource.scope_spans:
                    found += [_seen(span, told) for span in scope.spans]
        return found


@contextmanager
def collecting(tls: ssl.SSLContext | None = None) -> Iterator[Collector]:
    """Run a collector on a free port."""
    collector = Collector()
    collector.answering.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            collector.answering.wait(30)
            collector.paths.append(self.path)
            collector.headers.append({name.lower(): v for name, v in self.headers.items()})
            if collector.status == 200:
                is_small = self.headers.get("content-encoding") == "gzip"
                collector.bodies.append(gzip.decompress(body) if is_small else body)
            self.send_response(collector.status)
            self.send_header("content-length", "0")
            if collector.leads_to:
                self.send_header("location", collector.leads_to)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        collector.scheme = "https"
    collector.port = server.server_address[1]
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    try:
        yield collector
    finally:
        collector.answering.set()
        server.shutdown()
        serving.join()
        server.server_close()


def _seen(span: Span, resource: Mapping[str, Any]) -> Seen:
    return Seen(
        name=span.name,
        kind=Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        links=[(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
        attributes=_attributes(span.attributes),
        events=[(event.name, _attributes(event.attributes)) for event in span.events],
        is_error=span.status.code == Status.STATUS_CODE_ERROR,
        resource=resource,
    )


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: _value(pair) for pair in pairs}


def _value(pair: KeyValue) -> Any:
    value: AnyValue = pair.value
    kind = value.WhichOneof("value")
    return getattr(value, kind) if kind else None
