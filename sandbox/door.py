"""The way in for every call to PRO: key, routing, body, faults, answer, and the list of calls."""

import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.calls import CallRecord
from sandbox.errors import Code, Detail, Refusal, error_body
from sandbox.exchange import Answer, Call, subject_of
from sandbox.faults import FaultKind, FaultRule
from sandbox.operation import Operation
from sandbox.operations import find
from sandbox.state import SandboxState
from sandbox.subjects import subjects_of

DROP_EXTENSION = "orderflex.sandbox.drop"
"""In `scope["extensions"]`: closes the connection without an answer (see server.py)."""

_LOG = logging.getLogger("sandbox")
_UNREADABLE = b'{"Results": [{"Result": "Consignm\xff\xfe'


class Door:
    """ASGI application that answers as PRO does."""

    def __init__(self, state: SandboxState) -> None:
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Takes one call from arrival to answer."""
        request = Request(scope, receive)
        body = await request.body()
        self._state.settle()
        record = self._record(request)
        response = await self._answer(request, body, record)
        record.status = response.status_code if response is not None else None
        self._state.keep(record)
        self._state.save()
        if response is None:
            _drop(scope)
            return
        await response(scope, receive, send)

    def _record(self, request: Request) -> CallRecord:
        state = self._state
        record = CallRecord(
            # A call that was under way when the process ended may be missing from the list.
            sequence=state.calls[-1].sequence + 1 if state.calls else 1,
            time=state.now,
            method=request.method,
            path=_raw_path(request),
            query=request.url.query,
            operation=None,
        )
        state.calls.append(record)
        return record

    async def _answer(self, request: Request, body: bytes, record: CallRecord) -> Response | None:
        """The response; None when the connection is to be dropped."""
        state = self._state
        await state.hold(state.latency_seconds + state.faults.jitter(state.latency_jitter))
        try:
            call, operation = self._read(request, body, record)
        except Refusal as refusal:
            return _refused(refusal, record)
        subjects = subjects_of(call)
        _note(record, subjects)
        faults = state.faults.for_call(operation.name, subjects)
        for wait in faults:
            if wait.kind is FaultKind.LATENCY:
                record.fault = wait.kind.value
                await state.hold(wait.seconds)
        if faults and faults[-1].kind is not FaultKind.LATENCY:
            record.fault = faults[-1].kind.value
            return await self._faulty(faults[-1], call, operation, record)
        return self._act(call, operation, record)

    def _read(self, request: Request, body: bytes, record: CallRecord) -> tuple[Call, Operation]:
        found = find(request.method, _raw_path(request))
        if found is not None:
            record.operation = found[0].name
        _check_headers(request, self._state)
        if found is None:
            # The gateway knows no such operation; it says 404 for a wrong verb too.
            raise Refusal(404, Code.NOT_FOUND, "No operation matches this verb and path.")
        operation, parameters = found
        query: dict[str, list[str]] = {}
        for name, value in parse_qsl(request.url.query, keep_blank_values=True):
            query.setdefault(name.casefold(), []).append(value)
        content = _read_body(request, body) if operation.takes_body else None
        record.request_body = content
        call = Call(self._state, operation.name, parameters, query, content)
        return call, operation

    async def _faulty(
        self, fault: FaultRule, call: Call, operation: Operation, record: CallRecord
    ) -> Response | None:
        state = self._state

        def act() -> Response:
            return self._act(call, operation, record)

        match fault.kind:
            case FaultKind.STATUS:
                if fault.acts:
                    act()
                return _status(fault, record)
            case FaultKind.GARBAGE:
                return _garbage(fault, act())
            case FaultKind.DROP_AFTER_COMMIT:
                act()
            case FaultKind.TIMEOUT_AFTER_COMMIT:
                act()
                await state.hold(fault.seconds)
            case FaultKind.TIMEOUT_BEFORE_COMMIT:
                await state.hold(fault.seconds)
            case FaultKind.LATE_COMMIT:
                state.later(fault.seconds, _without_result(act))
                await state.hold(fault.hold_seconds)
        return None

    def _act(self, call: Call, operation: Operation, record: CallRecord) -> Response:
        """Carries out the call at once, no other call in between."""
        state = self._state
        state.settle()
        before = state.version
        try:
            answer = operation.handler(call)
            record.changed = state.version != before
            _note_touched(state, record, answer)
            record.response_body = answer.body
            # At once: what follows may hold or drop the connection, or never be reached.
            state.keep(record)
            state.save()
        except Refusal as refusal:
            return _refused(refusal, record)
        except Exception:  # noqa: BLE001 - a bug here must not look like a lost answer
            _LOG.exception("%s failed", operation.name)
            text = "Something went wrong inside the sandbox."
            return _refused(Refusal(500, Code.SERVER_ERROR, text), record)
        return _json_response(answer.status, answer.body)


def _without_result(act: Callable[[], Response]) -> Callable[[], None]:
    def job() -> None:
        act()

    return job


def _raw_path(request: Request) -> str:
    # The raw path: a reference may hold an encoded slash.
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return raw.decode("ascii", "replace").partition("?")[0]


def _check_headers(request: Request, state: SandboxState) -> None:
    # The key may also stand in the query, as the PHP client has it (RULES 2).
    key = request.headers.get("ocp-apim-subscription-key") or request.query_params.get(
        "subscription-key"
    )
    if key not in state.keys:
        told = "is missing" if not key else "is not valid"
        raise Refusal(401, Code.UNAUTHORIZED, f"The subscription key {told}.")
    version = request.headers.get("electio-api-version")
    if version not in (None, "1.1"):
        detail = Detail("Invalid", "electio-api-version", "must be 1.1")
        raise Refusal(400, Code.VALIDATION, "The request is not valid.", [detail])
    accepted = request.headers.get("accept", "*/*")
    if not any(each in accepted for each in ("application/json", "application/*", "*/*")):
        raise Refusal(406, Code.NOT_ACCEPTABLE, "This sandbox answers in JSON only.")


def _read_body(request: Request, body: bytes) -> Any:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    if media_type != "application/json":
        raise Refusal(415, Code.UNSUPPORTED_MEDIA_TYPE, "This sandbox reads JSON only.")
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        detail = Detail("Malformed", "", f"The body is not JSON: {error}")
        raise Refusal(400, Code.VALIDATION, "The request is not valid.", [detail]) from None


def _note(record: CallRecord, subjects: list[Any]) -> None:
    for subject in subjects:
        for values, value in (
            (record.consignments, subject.consignment_reference),
            (record.customer_references, subject.customer_reference),
            (record.order_references, subject.order_reference),
            (record.order_customer_references, subject.order_reference_provided_by_customer),
        ):
            if value and value not in values:
                values.append(value)


def _note_touched(state: SandboxState, record: CallRecord, answer: Answer) -> None:
    for reference in answer.touched:
        if reference in state.orders:
            record.order_references.append(reference)
        else:
            _note(record, [subject_of(state, state.consignments[reference])])


def _json_response(status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    if body is None:
        return Response(status_code=status, headers=headers)
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(
        content.encode("utf-8", "surrogatepass"),
        status_code=status,
        headers=headers,
        media_type="application/json; charset=utf-8",
    )


def _refused(refusal: Refusal, record: CallRecord) -> Response:
    body = error_body(refusal.code, refusal.message, f"{record.sequence:010x}", refusal.details)
    record.response_body = body
    return _json_response(refusal.status, body)


def _status(fault: FaultRule, record: CallRecord) -> Response:
    status = fault.status or 500
    headers = {} if fault.retry_after is None else {"retry-after": str(fault.retry_after)}
    if isinstance(fault.body, str):
        record.response_body = fault.body
        return Response(fault.body, status_code=status, headers=headers, media_type="text/html")
    code = Code.TOO_MANY_REQUESTS if status == 429 else Code.SERVER_ERROR
    body = fault.body
    if body is None:
        body = error_body(code, "A fault was asked for.", f"{record.sequence:010x}")
    record.response_body = body
    return _json_response(status, body, headers)


def _garbage(fault: FaultRule, good: Response) -> Response:
    content = fault.body.encode() if isinstance(fault.body, str) else _UNREADABLE
    return Response(content, status_code=good.status_code, media_type="application/json")


def _drop(scope: Scope) -> None:
    close = scope.get("extensions", {}).get(DROP_EXTENSION)
    if close is None:
        # In process there is no connection to close: the same exception as over a socket.
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
    close()
