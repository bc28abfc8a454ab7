"""A stand-in of PRO that costs little: every answer after a set latency, as bytes made beforehand.

    python -m bench.pro --latency 0.1

It judges nothing and keeps only what it counts; `sandbox/` is the stand-in that behaves as PRO
does. `GET /_bench/counts` tells what it was asked, `PUT /_bench/latency/0.05` sets the latency.
"""

import argparse
import asyncio
import base64
import json
import re
import signal
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote

HOST = "https://apisandbox.electioapp.com"
LABEL = base64.b64encode(b"%PDF-1.4\n" + bytes(12_000)).decode()
"""About as large as a carrier's label of one page."""

_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ORDER = '[{{"Rel":"Order","Href":"{host}/orders/{ref}"}}]'
_PACKED = (
    '{{"Results":[{{"Result":"ConsignmentCreated","ApiLinks":'
    '[{{"Rel":"Consignment","Href":"{host}/consignments/{ref}"}}]}}]}}'
)
_ALLOCATED = (
    '{{"StatusCode":200,"ApiLinks":[{{"Rel":"detail","Href":"{host}/consignments/{ref}"}},'
    '{{"Rel":"label","Href":"{host}/labels/{ref}"}}],"Description":"Allocated to Parcel 24",'
    '"ConsignmentLegs":[{{"Leg":1,"TrackingReferences":["NL{ref}"],"CarrierReference":"NORTHLINE",'
    '"CarrierServiceReference":null,"CarrierName":"Northline"}}],"CarrierReference":"NORTHLINE",'
    '"CarrierName":"Northline","CarrierServiceReference":"NL_P24",'
    '"CarrierServiceName":"Parcel 24"}}'
)
_STATUS = '{{"ConsignmentReferenceForAllLegsAssignedByMpd":"{ref}","Status":"{state}"}}'
_CONSIGNMENT = (
    '{{"Reference":"{ref}","ConsignmentState":"{state}","Direction":"Outbound","Addresses":['
    '{{"AddressType":"Origin","Country":{{"IsoCode":{{"TwoLetterCode":"GB"}}}}}},'
    '{{"AddressType":"Destination","Country":{{"IsoCode":{{"TwoLetterCode":"GB"}}}}}}],'
    '"ConsignmentReferenceProvidedByCustomer":"{ours}","ConsignmentLegs":[]}}'
)
_SUMMARY = (
    '{{"Reference":"{ref}","State":"{state}","ConsignmentReferenceProvidedByCustomer":"{ours}"}}'
)
_LABELS = f'{{"File":"{LABEL}","ContentType":"application/pdf"}}'
_NOT_FOUND = '{"Code":"NotFound","Message":"There is nothing here.","Details":[]}'
_REASONS = {200: "OK", 201: "Created", 404: "Not Found"}


@dataclass
class Pro:
    """What was asked, and what has to be remembered to answer."""

    latency: float
    calls: Counter[str] = field(default_factory=Counter)
    """By operation, as the service's metrics name them."""
    packs: Counter[str] = field(default_factory=Counter)
    """Pack Orders by the customer reference they gave: more than one makes a second parcel."""
    consignments_allocated: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    _number: int = 0
    _consignments: dict[str, tuple[str, str]] = field(default_factory=dict)
    """State and customer reference by PRO's reference."""
    _by_customer: dict[str, str] = field(default_factory=dict)

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, str]:
        """Give status and body, at once: the caller waits."""
        path, _, query = target.partition("?")
        parts = [unquote(part) for part in path.strip("/").split("/")]
        match method, parts:
            case "POST", ["orders"]:
                self.calls["create_order"] += 1
                return 201, _ORDER.format(host=HOST, ref=self._new("EO"))
            case "POST", ["orders", _, "pack"]:
                return 201, self._pack(body)
            case "PUT", ["allocation", "allocate"]:
                return 200, self._allocate(body)
            case "GET", ["labels", _, *_]:
                self.calls["get_labels"] += 1
                return 200, _LABELS
            case "GET", ["consignments", reference, "status"] if reference in self._consignments:
                self.calls["get_consignment_status"] += 1
                return 200, _STATUS.format(ref=reference, state=self._consignments[reference][0])
            case "GET", ["consignments", _, _]:
                return 200, self._search(query)
            case "GET", ["consignments", reference] if reference in self._consignments:
                self.calls["get_consignment"] += 1
                state, ours = self._consignments[reference]
                return 200, _CONSIGNMENT.format(ref=reference, state=state, ours=ours)
            case "GET", ["shippinglocations"]:
                self.calls["get_shipping_locations"] += 1
                return 200, '[{"Id":1,"Reference":"LEEDS_DC","Name":"Leeds"}]'
            case _:
                self.calls["unknown"] += 1
                return 404, _NOT_FOUND

    def counts(self) -> str:
        """Tell what was asked, as JSON."""
        return json.dumps(
            {
                "calls": dict(self.calls),
                "picks_packed": len(self.packs),
                "most_packs_of_a_pick": max(self.packs.values(), default=0),
                "consignments_allocated": self.consignments_allocated,
                "most_in_flight": self.most_in_flight,
            }
        )

    def _new(self, kind: str) -> str:
        self._number += 1
        return f"{kind}-{self._number:010d}"

    def _pack(self, body: bytes) -> str:
        self.calls["pack_order"] += 1
        ours = json.loads(body).get("OrderReferenceProvidedByCustomer", "")
        self.packs[ours] += 1
        reference = self._new("EC")
        self._consignments[reference] = ("Unallocated", ours)
        self._by_customer[ours] = reference
        return _PACKED.format(host=HOST, ref=reference)

    def _allocate(self, body: bytes) -> str:
        self.calls["allocate_default_rules"] += 1
        references = json.loads(body)["ConsignmentReferences"]
        self.consignments_allocated += len(references)
        for reference in references:
            self._consignments[reference] = ("Allocated", self._consignments[reference][1])
        return f"[{','.join(_ALLOCATED.format(host=HOST, ref=ref) for ref in references)}]"

    def _search(self, query: str) -> str:
        self.calls["search"] += 1
        wanted = parse_qs(query).get("referenceProvidedByCustomer", [""])[0]
        found = self._by_customer.get(wanted)
        if found is None:
            return '{"Count":0,"ConsignmentSummaries":[]}'
        line = _SUMMARY.format(ref=found, state=self._consignments[found][0], ours=wanted)
        return f'{{"Count":1,"ConsignmentSummaries":[{line}]}}'


class Connection(asyncio.Protocol):
    """One kept-alive HTTP/1.1 connection; a request is answered before the next is sent."""

    def __init__(self, pro: Pro) -> None:
        self._pro = pro
        self._loop = asyncio.get_running_loop()
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - as asyncio promises
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._received += data
        while True:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return
            found = _CONTENT_LENGTH.search(self._received, 0, end)
            size = int(found[1]) if found else 0
            if len(self._received) < end + 4 + size:
                return
            method, target, _ = self._received[: self._received.index(b"\r\n")].decode().split(" ")
            body = self._received[end + 4 : end + 4 + size]
            self._received = self._received[end + 4 + size :]
            self._take(method, target, body)

    def _take(self, method: str, target: str, body: bytes) -> None:
        pro = self._pro
        if target.startswith("/_bench/"):
            if method == "PUT":
                pro.latency = float(target.rpartition("/")[2])
            self._send(200, pro.counts())
            return
        pro.in_flight += 1
        pro.most_in_flight = max(pro.most_in_flight, pro.in_flight)
        self._loop.call_later(pro.latency, self._answer, method, target, body)

    def _answer(self, method: str, target: str, body: bytes) -> None:
        self._pro.in_flight -= 1
        self._send(*self._pro.answer(method, target, body))

    def _send(self, status: int, body: str) -> None:
        if self._transport is not None:
            self._transport.write(
                f"HTTP/1.1 {status} {_REASONS[status]}\r\ncontent-type: application/json\r\n"
                f"content-length: {len(body)}\r\n\r\n{body}".encode()
            )


async def serve(latency: float) -> None:
    """Serve on a free port until SIGTERM."""
    pro = Pro(latency)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(pro), "127.0.0.1", 0)
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"listening on http://{host}:{port}", flush=True)
    await stop.wait()
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.1, help="seconds to every answer")
    asyncio.run(serve(parser.parse_args().latency))
