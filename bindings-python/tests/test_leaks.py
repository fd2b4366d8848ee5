"""Nothing leaks: every path, success and failure, with everything logged; then everything that was seen is searched."""

from __future__ import annotations

import asyncio
import base64
import copy
import io
import json
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator

import pytest
from conftest import KEY, SECRET_KEY, Ran
from nova_sonic import CredentialBroker, Grant
from nova_sonic.errors import NovaSonicError
from stub_sts import SECRET, TOKEN, StubSts
from test_grants import signing_key

Make = Callable[..., CredentialBroker]
BACKEND_TOKEN = "IQoJBACKENDTOKENofthebackend=="


def secrets_of(grant: Grant) -> list[str]:
    """Everything that must be seen nowhere but in what `to_json` returns."""
    key = signing_key(SECRET, grant.server_time.strftime("%Y%m%d"), grant.region)
    return [
        SECRET,
        TOKEN,
        SECRET_KEY,
        KEY,
        BACKEND_TOKEN,
        base64.b64encode(key).decode(),
        key.hex(),
        repr(key)[2:-1],
        base64.b64encode(SECRET.encode()).decode(),
    ]


def assert_clean(seen: str, grant: Grant) -> None:
    assert seen
    for secret in secrets_of(grant):
        assert secret not in seen, "a secret was seen; it is not repeated here"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that any logger says."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(1)
    try:
        logging.getLogger("nova_sonic").debug("logging is on")
        yield stream
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


def ways_to_look_at(value: object) -> Iterator[str]:
    """What an application, a debugger or an error reporter may make of a value."""
    yield repr(value)
    yield str(value)
    yield f"{value!a} {value!s:>10}"
    yield json.dumps([value], default=repr)
    for name in dir(value):
        attribute = getattr(value, name)
        if name != "to_json" and not callable(attribute):
            yield f"{name}={attribute!r}"
    for look in (vars, pickle.dumps, copy.copy, copy.deepcopy, lambda it: it.__getstate__()):
        try:
            yield repr(look(value))
        except (AttributeError, TypeError) as error:
            yield "".join(traceback.format_exception(type(error), error, error.__traceback__))


@pytest.mark.parametrize("mode", ["signing-keys", "plain"])
def test_a_grant_shows_its_secrets_nowhere(sts: StubSts, make_broker: Make, logged: io.StringIO, mode: str) -> None:
    broker = make_broker(
        mode=mode,
        aws_access_key_id="AKIAEXAMPLE",
        aws_secret_access_key=SECRET_KEY,
        aws_session_token=BACKEND_TOKEN,
    )
    grant = broker.issue("alice")
    awaited = asyncio.run(broker.issue_async("alice"))
    for value in (grant, awaited, grant.record, broker, broker.metrics(), broker.scope):
        logging.getLogger("application").debug("%s %r", value, value)
        for seen in ways_to_look_at(value):
            assert_clean(seen, grant)
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        pickle.dumps(grant)
    assert_clean(logged.getvalue(), grant)


def failures(sts: StubSts, make_broker: Make) -> Iterator[BaseException]:
    """Every kind of failure that a broker has."""
    broker = make_broker(limits=None)
    for status, name in [
        (403, "AccessDenied"),
        (403, "ExpiredToken"),
        (403, "InvalidClientTokenId"),
        (403, "SignatureDoesNotMatch"),
        (400, "Throttling"),
        (400, "MalformedPolicyDocument"),
        (400, "PackedPolicyTooLarge"),
        (403, "RegionDisabledException"),
        (400, "ValidationError"),
        (503, "ServiceUnavailable"),
        (500, SECRET_KEY),
        (400, "SomethingNew"),
    ]:
        sts.refuse(status, name, f"AWS repeats what it was sent: {SECRET_KEY} {TOKEN} {SECRET} {BACKEND_TOKEN} {KEY}")
        for attempt in (broker.issue, lambda name: asyncio.run(broker.issue_async(name))):
            with pytest.raises(NovaSonicError) as raised:
                attempt("alice")
            yield raised.value
    sts.refusal = None
    for arguments in (
        {"session_name_key": KEY[:15]},
        {"session_name_key": b"\xff" + KEY.encode()},
        {"mode": SECRET_KEY},
        {"role_arn": SECRET_KEY},
        {"external_id": "\n" + SECRET_KEY},
        {"tags": {"\n": SECRET_KEY}},
        {"aws_secret_access_key": SECRET_KEY},
        {"aws_session_token": BACKEND_TOKEN},
        {"endpoint_url": f"not a url {SECRET_KEY}"},
        {"timeout": -1},
    ):
        try:
            make_broker(**arguments).issue("alice")
        except (NovaSonicError, TypeError) as error:
            yield error
    for wrong in (
        {"aws_secret_access_key": [SECRET_KEY]},
        {"session_name_key": [KEY]},
        {"tags": {"a": [SECRET_KEY]}},
    ):
        with pytest.raises(TypeError) as mistaken:
            make_broker(**wrong)
        yield mistaken.value
    with pytest.raises(NovaSonicError) as unreached:
        make_broker(endpoint_url="http://127.0.0.1:9", timeout=1).issue("alice")
    yield unreached.value


def test_a_failure_shows_no_secret(sts: StubSts, make_broker: Make, logged: io.StringIO) -> None:
    grant = make_broker().issue("alice")
    seen = 0
    for error in failures(sts, make_broker):
        seen += 1
        logging.getLogger("application").debug("it failed", exc_info=error)
        assert_clean(repr(error) + str(error) + repr(vars(error)) + repr(error.args), grant)
        # Of the traceback only what this package adds: the locals of the test hold the secrets that it gave.
        told = "".join(traceback.TracebackException.from_exception(error).format_exception_only())
        assert_clean(told, grant)
        for cause in (error.__cause__, error.__context__):
            assert_clean(repr(cause), grant)
    assert seen > 30
    assert_clean(logged.getvalue().replace(f'"{SECRET_KEY}"', ""), grant)


def test_a_crash_reporter_sees_no_secret(sts: StubSts, make_broker: Make) -> None:
    broker = make_broker(mode="plain")
    grant = broker.issue("alice")

    def view(grant: Grant, broker: CredentialBroker) -> None:
        record = grant.record
        raise RuntimeError(f"the view of {record} broke")

    with pytest.raises(RuntimeError) as raised:
        view(grant, broker)
    report = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
    assert_clean("".join(report.format()), grant)


@pytest.mark.parametrize("level", ["trace", "trace,aws_smithy_runtime=trace,hyper=trace,rustls=trace"])
def test_rust_logs_nothing_whatever_is_asked_for(
    sts: StubSts, make_broker: Make, run_python: Callable[..., Ran], level: str
) -> None:
    grant = make_broker().issue("alice")
    ran = run_python(
        "import asyncio, faulthandler, logging, sys\n"
        "logging.basicConfig(level=1)\n"
        f"broker = make_broker(mode='plain', aws_access_key_id='AKIAEXAMPLE', aws_secret_access_key={SECRET_KEY!r},\n"
        f"    aws_session_token={BACKEND_TOKEN!r})\n"
        "grant = broker.issue('alice')\n"
        "again = asyncio.run(broker.issue_async('alice'))\n"
        "print(grant, again, grant.record, broker.metrics())\n"
        "logging.getLogger('application').debug('%r %r', grant, broker)\n"
        "faulthandler.dump_traceback(file=sys.stderr, all_threads=True)\n"
        "raise RuntimeError(f'{grant!r}')\n",
        RUST_LOG=level,
        RUST_BACKTRACE="full",
        AWS_LOG="trace",
        LOG_SENSITIVE_BODIES="1",
    )
    assert ran.code == 1 and "RuntimeError" in ran.err and "Current thread" in ran.err
    assert "ASIA" in ran.out
    assert_clean(ran.out + ran.err, grant)
