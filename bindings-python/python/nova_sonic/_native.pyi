"""
The native part of ``nova_sonic``, which is where its names are imported from.
"""

from _typeshed import SupportsLenAndGetItem
from collections.abc import Coroutine, Mapping, Sequence
from datetime import date, datetime
from os import PathLike
from typing import Any, Final, Literal, SupportsIndex, final

__all__ = ["_ADMIT_SCRIPT", "_SETTLE_SCRIPT", "__version__", "BrokerMetrics", "CredentialBroker", "Grant", "InferenceProfile", "IssueRecord", "Limits", "ModelLifecycle", "ProbeResult", "RelayClose", "RelayConnection", "RelayHandler", "RelayRules", "RelayToolCall", "ScopePolicy", "VoiceClient", "_Bell", "_Bells", "_Gathering", "_SharedLimits", "_Voice", "_VoiceConfig", "_Work", "_after_fork", "_at_exit", "_describe"]

_ADMIT_SCRIPT: Final[str]
_SETTLE_SCRIPT: Final[str]
__version__: Final[str]

@final
class BrokerMetrics:
    """
    What a broker has done in this process since it was made, or since the fork. Nothing in it names a subject.

    >>> metrics = broker.metrics()
    >>> metrics.issued >= 0, metrics.breaker
    (True, 'closed')
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    @property
    def abandoned(self, /) -> int:
        """
        Calls that were cancelled before STS had answered.
        """
    def as_dict(self, /) -> dict[str, int]:
        """
        The counters by name, for an exporter.

        >>> broker.metrics().as_dict()["in_flight"]
        0
        """
    @property
    def breaker(self, /) -> Literal["closed", "open", "half-open"]:
        """
        What the breaker does now: it is open for a while after STS has failed too often.
        """
    @property
    def breaker_opened(self, /) -> int:
        """
        Times the breaker has opened.
        """
    @property
    def failed(self, /) -> int:
        """
        Calls that STS refused or failed, after the last attempt.
        """
    @property
    def in_flight(self, /) -> int:
        """
        Calls being served now.
        """
    @property
    def issue_ms(self, /) -> int:
        """
        Time that issues took, all together, ms.
        """
    @property
    def issued(self, /) -> int:
        """
        Grants issued.
        """
    @property
    def refused_by_breaker(self, /) -> int:
        """
        Calls refused since STS had failed too often.
        """
    @property
    def refused_by_limit(self, /) -> int:
        """
        Calls refused by a subject's limits.
        """
    @property
    def refused_by_table(self, /) -> int:
        """
        Calls refused since the table of subjects was full.
        """
    @property
    def retries(self, /) -> int:
        """
        Attempts after a call's first one.
        """
    @property
    def slowest_ms(self, /) -> int:
        """
        Time that the slowest issue took, ms.
        """
    @property
    def sts_calls(self, /) -> int:
        """
        Requests to STS, further attempts included.
        """
    @property
    def subjects(self, /) -> int:
        """
        Subjects remembered now.
        """
    @property
    def without_credentials(self, /) -> int:
        """
        Calls for which the backend had no credentials of its own.
        """

@final
class CredentialBroker:
    """
    Issues credentials that can do nothing but open a Nova Sonic stream. Make one, keep it, share it between threads.

    >>> from nova_sonic import CredentialBroker, ScopePolicy
    >>> broker = CredentialBroker(
    ...     scope=ScopePolicy(region="us-east-1"),
    ...     role_arn="arn:aws:iam::123456789012:role/nova-sonic-voice",
    ...     session_name_key="kept secret, the same on every server",
    ... )
    >>> broker
    <CredentialBroker scope=ScopePolicy(region='us-east-1', model_ids=['amazon.nova-2-sonic-v1:0']) mode='signing-keys'>

    Either ``role_arn`` is the role that is assumed, or ``federation_token=True`` asks for a federation token, for
    backends that own nothing but an IAM user's keys. Subjects are hashed with ``session_name_key``, at least 16 bytes,
    into the names by which CloudTrail knows their sessions. ``mode="plain"`` hands out the secret key itself, for pages
    that use an AWS SDK. ``limits=None`` is for applications that limit by themselves.

    The backend's own credentials are ``aws_access_key_id``, ``aws_secret_access_key`` and ``aws_session_token`` if given,
    otherwise those of ``profile_name``, otherwise the usual chain of an AWS SDK. ``endpoint_url`` is otherwise that of
    ``AWS_ENDPOINT_URL_STS`` or ``AWS_ENDPOINT_URL``, and ``ca_bundle`` that of ``AWS_CA_BUNDLE`` or
    ``REQUESTS_CA_BUNDLE``. ``timeout`` bounds an issue with all its attempts, 5 seconds by default; ``connect_timeout``
    (1) and ``read_timeout`` (2) bound each of its ``max_attempts`` (3).

    Making one checks the arguments and sends nothing. It is made anew after a fork, with limits and metrics that begin
    from nothing.
    """
    def __new__(cls, /, *, scope: ScopePolicy, session_name_key: str | bytes, role_arn: str | None = None, federation_token: bool = ..., mode: Literal["signing-keys", "plain"] = ..., external_id: str | None = None, source_identity: bool = ..., tags: Mapping[str, str] | None = None, limits: Limits | None = ..., endpoint_url: str | None = None, ca_bundle: str | PathLike[str] | None = None, profile_name: str | None = None, aws_access_key_id: str | None = None, aws_secret_access_key: str | bytes | None = None, aws_session_token: str | bytes | None = None, timeout: float | None = None, connect_timeout: float | None = None, read_timeout: float | None = None, max_attempts: int | None = None) -> CredentialBroker: ...
    def __reduce__(self, /) -> str:
        """
        Refused: it holds keys, and connections that belong to this process.
        """
    def __repr__(self, /) -> str: ...
    def issue(self, /, subject: str) -> Grant:
        """
        Issues credentials for a subject, your own name of a signed-in user. Other threads run while it waits.

        >>> grant = broker.issue("user-4711")
        >>> body = grant.to_json()  # for the browser of that user, with Cache-Control: no-store

        Raises one of :mod:`nova_sonic.errors`; ``LimitExceeded`` and ``ServiceUnavailable`` without a word to STS.
        In an ``async def`` use :meth:`issue_async`, since this one stops the event loop.
        """
    def issue_async(self, /, subject: str) -> Coroutine[Any, Any, Grant]:
        """
        Issues credentials for a subject, for asyncio (with any loop) and trio.

        >>> async def view():
        ...     grant = await broker.issue_async("user-4711")
        ...     return grant.region
        >>> asyncio.run(view())
        'us-east-1'

        Cancelled, it has freed the subject's place when ``CancelledError`` comes out of it.
        """
    def metrics(self, /) -> BrokerMetrics:
        """
        What this broker has done in this process.

        >>> broker.metrics().in_flight
        0
        """
    @property
    def mode(self, /) -> Literal["signing-keys", "plain"]:
        """
        ``signing-keys``, or ``plain``.
        """
    def probe(self, /, *, bedrock_endpoint_url: str | None = None) -> list[ProbeResult]:
        """
        Tries fresh credentials: a stream must open, and what a thief would try must be refused. For operators; it takes
        seconds and costs one short stream. What fails is in the results.

        ``bedrock_endpoint_url`` is otherwise that of ``AWS_ENDPOINT_URL_BEDROCK_RUNTIME`` or ``AWS_ENDPOINT_URL``.

        >>> all(result.passed for result in broker.probe())
        True
        """
    def probe_async(self, /, *, bedrock_endpoint_url: str | None = None) -> Coroutine[Any, Any, list[ProbeResult]]:
        """
        The same for asyncio (with any loop) and trio.

        >>> all(result.passed for result in asyncio.run(broker.probe_async()))
        True
        """
    @property
    def scope(self, /) -> ScopePolicy:
        """
        What the issued credentials may do.
        """

@final
class Grant:
    """
    What a browser is given: enough to open one model's streams for a few minutes.

    It cannot be printed, pickled or copied; :meth:`to_json` is the only way out of it.

    >>> grant = broker.issue("alice")
    >>> grant.mode, grant.region, grant.model_id
    ('signing-keys', 'us-east-1', 'amazon.nova-2-sonic-v1:0')
    >>> grant.server_time < grant.open_before < grant.expiration
    True
    """
    def __reduce__(self, /) -> str:
        """
        Refused: a pickle would be a copy of the secrets that nobody wipes.
        """
    def __repr__(self, /) -> str: ...
    @property
    def access_key_id(self, /) -> str:
        """
        Public half of the issued key, ``ASIA…``.
        """
    @property
    def expiration(self, /) -> datetime:
        """
        When AWS stops to accept it.
        """
    @property
    def mode(self, /) -> Literal["signing-keys", "plain"]:
        """
        ``signing-keys``, or ``plain`` credentials as an AWS SDK takes them.
        """
    @property
    def model_id(self, /) -> str:
        """
        The model that a stream is opened with.
        """
    @property
    def open_before(self, /) -> datetime:
        """
        Until when a stream opened with it lives its full eight minutes.
        """
    @property
    def record(self, /) -> IssueRecord:
        """
        What the audit trail keeps of it.
        """
    @property
    def region(self, /) -> str:
        """
        The region that it is good for.
        """
    @property
    def server_time(self, /) -> datetime:
        """
        The issuer's clock when it was issued.
        """
    def to_json(self, /) -> bytes:
        """
        The grant as the browser takes it: the one place where its secrets are written.

        >>> sorted(json.loads(grant.to_json()))  # doctest: +NORMALIZE_WHITESPACE
        ['accessKeyId', 'expiration', 'mode', 'modelId', 'openBefore', 'region', 'serverTime', 'service',
         'sessionToken', 'signingKeys', 'version']
        """

@final
class InferenceProfile:
    """
    A cross-region inference profile of an account, for a ``ScopePolicy``.

    AWS documents no profile that Nova Sonic's bidirectional stream takes: use one only where it was tried.

    >>> from nova_sonic import InferenceProfile
    >>> profile = InferenceProfile(
    ...     account="123456789012",
    ...     id="us.amazon.nova-2-sonic-v1:0",
    ...     members=["us-east-1", "us-west-2"],
    ... )
    >>> profile.members
    ['us-east-1', 'us-west-2']
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, account: str, id: str, members: Sequence[str]) -> InferenceProfile: ...
    def __repr__(self, /) -> str: ...
    @property
    def account(self, /) -> str:
        """
        The account that it belongs to, twelve digits.
        """
    @property
    def id(self, /) -> str:
        """
        Its id, such as ``us.amazon.nova-2-sonic-v1:0``.
        """
    @property
    def members(self, /) -> list[str]:
        """
        The regions that it routes to, in alphabetical order.
        """
    @property
    def model_id(self, /) -> str:
        """
        The model that it stands for.
        """

@final
class IssueRecord:
    """
    One issue, for the audit trail: who got which key, until when. Nothing in it opens anything.

    >>> record = grant.record
    >>> record.subject_hash.startswith("ns-"), len(record.subject_hash)
    (True, 29)
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    @property
    def access_key_id(self, /) -> str:
        """
        Public half of the issued key, ``ASIA…``.
        """
    @property
    def attempts(self, /) -> int:
        """
        How often STS was asked.
        """
    @property
    def clock_offset_seconds(self, /) -> int:
        """
        How far AWS's clock is ahead of this machine's, whole seconds, as far as the expiration tells.
        """
    @property
    def duration_ms(self, /) -> int:
        """
        Time from the request to the grant, ms.
        """
    @property
    def expiration(self, /) -> datetime:
        """
        When the credentials stop working.
        """
    @property
    def id(self, /) -> str:
        """
        Names this issue and cannot be guessed.
        """
    @property
    def packed_policy_size(self, /) -> int | None:
        """
        How much of the room for policy and tags is used, percent, where AWS says it.
        """
    @property
    def request_id(self, /) -> str | None:
        """
        AWS's id of the request that succeeded.
        """
    @property
    def subject_hash(self, /) -> str:
        """
        Keyed hash of the subject, ``ns-…``: the name of the role's session, by which CloudTrail knows it.
        """

@final
class Limits:
    """
    How often one subject is issued credentials, by one process; one call of a subject is served at a time, in any case.

    >>> from nova_sonic import Limits
    >>> Limits()
    Limits(per_minute=6, per_day=200)

    A process forgets what it has counted when it ends, and its forks begin from nothing: for limits that hold across
    processes count in a store that they share, as ``nova_sonic.django`` does in Django's cache.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, per_minute: int = ..., per_day: int = ...) -> Limits: ...
    def __repr__(self, /) -> str: ...
    @property
    def per_day(self, /) -> int:
        """
        Issues in a day, which begins with the subject's first one.
        """
    @property
    def per_minute(self, /) -> int:
        """
        Issues in any 60 seconds.
        """

@final
class ModelLifecycle:
    """
    Where a model stands in its life.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    @property
    def day(self, /) -> date | None:
        """
        The first day without the model, where AWS has named one.
        """
    @property
    def state(self, /) -> Literal["active", "ending", "end-of-life", "unknown"]:
        """
        ``active``, ``ending`` (in service until ``day``), ``end-of-life`` (since ``day``), or ``unknown``.
        """

@final
class ProbeResult:
    """
    What was expected of one check of a probe, and what was seen.

    >>> results = broker.probe()
    >>> [result.check for result in results if not result.passed]
    []
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __repr__(self, /) -> str: ...
    @property
    def advice(self, /) -> str | None:
        """
        What to do about it, for the operator.
        """
    @property
    def check(self, /) -> str:
        """
        Names the check: lower-case words with underscores, the same in every version.
        """
    @property
    def expected(self, /) -> str:
        """
        What ought to happen.
        """
    @property
    def passed(self, /) -> bool:
        """
        Whether that is as it should be.
        """
    @property
    def seen(self, /) -> str:
        """
        What happened, without a secret.
        """

@final
class RelayClose:
    """
    The socket is to be closed. Nothing comes after it for the client.
    """
    __match_args__: Final[tuple[str, str]]
    def __repr__(self, /) -> str: ...
    @property
    def code(self, /) -> int:
        """
        The code: 1000, or one of 4000 to 4999.
        """
    @property
    def reason(self, /) -> str:
        """
        ``ended``, or the stable code of what went wrong.
        """

@final
class RelayConnection:
    """
    One client's conversation, whatever holds its WebSocket. What the client sends is given to :meth:`receive_text` and
    :meth:`receive_binary`, and what :meth:`next` says is done, until it says that it is over. :mod:`nova_sonic.asgi` and
    ``nova_sonic.django.consumers`` do that.

    Dropped before its end, it hangs up in order.
    """
    def __reduce__(self, /) -> str:
        """
        Refused: it belongs to a socket of this process.
        """
    def __repr__(self, /) -> str:
        """
        Shows neither who speaks nor what is said.
        """
    def end(self, /, code: SupportsIndex = 1000, message: str | None = None) -> None:
        """
        Ends the conversation from the server's side, in order, with one of the relay's close codes. What is said goes to
        the client.
        """
    def gone(self, /) -> None:
        """
        The client's socket is closed, by whomever. :meth:`next` then has nothing more for it, and waits for what the
        service says last.
        """
    @property
    def id(self, /) -> str:
        """
        Its own name, 32 hexadecimal digits drawn at random.
        """
    def next(self, /) -> Coroutine[Any, Any, list[str | bytes | RelayToolCall | RelayClose] | None]:
        """
        Waits for the next things to do, in their order: a text or bytes to send, a tool to run, the socket to close.
        ``None`` when both sides are done. For one task at a time; cancelled, it may lose what it has just taken.
        """
    def receive_binary(self, /, data: bytes) -> None:
        """
        Takes a binary message of the client; never waits.
        """
    def receive_text(self, /, text: str) -> None:
        """
        Takes a text message of the client; never waits.
        """
    def record_json(self, /) -> str:
        """
        What is worth keeping of it so far, as JSON: times in milliseconds since 1970, tokens used, and what was said.
        """
    def send_status(self, /, json: str) -> None:
        """
        Tells the client how things stand, in the application's own fields: the text of a JSON object.
        """
    @property
    def subject(self, /) -> str:
        """
        Who speaks, as the application named them.
        """
    def tool_failed(self, /, id: str, message: str) -> bool:
        """
        Tells the model, in these words, that a tool has failed; ``False`` for a call that does not wait any more.
        """
    def tool_result(self, /, id: str, json: str) -> bool:
        """
        Gives a tool's result, the text of any JSON; ``False`` for a call that does not wait any more.
        """

@final
class RelayHandler:
    """
    Lets browsers in that talk through this server, and counts them. Make one, keep it.

    >>> from nova_sonic import VoiceClient
    >>> from nova_sonic.relay import RelayHandler
    >>> handler = RelayHandler(VoiceClient(region_name="us-east-1"), per_subject=2)
    >>> handler.running
    0

    ``per_subject`` (4, since a conversation that changes its connection has two for a moment) bounds how many
    conversations one user has at once, and ``total`` (10,000) how many this process has. With ``redis_url`` the first
    holds for all processes that name the same Redis; where it does not answer, nobody is let in.

    It is made anew after a fork, with nobody in it.
    """
    def __new__(cls, /, client: VoiceClient, *, per_subject: int = ..., total: int = ..., redis_url: str | None = None) -> RelayHandler: ...
    def __reduce__(self, /) -> str:
        """
        Refused: it counts the conversations of this process.
        """
    def __repr__(self, /) -> str: ...
    def connect(self, /, subject: str, rules: RelayRules | None = None, tools: Sequence[tuple[str, str, str]] | None = None) -> RelayConnection:
        """
        Lets a client in whom the application has authenticated as ``subject``, under ``rules`` and with ``tools`` (name,
        description and JSON Schema of each) whose calls the server answers. One that has to be refused gets a connection,
        too: it says why, and closes.
        """
    def emptied(self, /) -> Coroutine[Any, Any, None]:
        """
        Waits until the last conversation is over.
        """
    def end(self, /, subject: str, code: SupportsIndex = 1000, message: str | None = None) -> int:
        """
        Ends every conversation of a subject in this process, in order; returns how many there were.
        """
    def refuse(self, /, code: SupportsIndex, message: str) -> RelayConnection:
        """
        A connection that only says why it closes, for a client whom the application does not let in: a browser sees
        nothing of a refused handshake. ``code`` is 4001 (nobody is signed in), 4003 (who is may not), 4004 or 4008.
        """
    @property
    def running(self, /) -> int:
        """
        Conversations that this process has now.
        """
    def send_status(self, /, subject: str, json: str) -> int:
        """
        Tells every page of a subject that talks through this process how things stand: the text of a JSON object.
        Returns how many there are.
        """
    def shut_down(self, /) -> None:
        """
        Lets nobody else in, and tells those who talk to go on elsewhere: a page opens its conversation anew, with what
        was said.
        """

@final
class RelayRules:
    """
    What the server decides about one conversation, whatever the client sends.

    >>> from nova_sonic.relay import RelayRules
    >>> RelayRules(system_prompt="You tell stories to children.", voice_id="amy", client_tools=False)
    <RelayRules locks=['systemPrompt', 'voice', 'tools']>

    ``system_prompt`` is the one that the model gets, and what the client sends as prompt is dropped; ``prompt_prefix`` goes
    before the client's own. ``voice_id`` is the voice that speaks, and ``voice_ids`` are those among which the client may
    choose. With ``client_tools=False`` the model gets the server's tools and no others. ``max_tokens`` bounds one answer.

    ``max_duration`` bounds the conversation, in seconds; ``idle_timeout`` (300) ends one in which nobody says anything,
    and ``silence_timeout`` (60) one whose client sends nothing at all. ``tool_timeout`` (120) bounds a tool of the
    server's own. Without ``transcript`` the record does not keep what was said.
    """
    def __new__(cls, /, *, system_prompt: str | None = None, prompt_prefix: str | None = None, voice_id: str | None = None, voice_ids: Sequence[str] | None = None, client_tools: bool = ..., max_tokens: int | None = None, max_duration: float | None = None, idle_timeout: float | None = None, silence_timeout: float | None = None, tool_timeout: float | None = None, transcript: bool = ...) -> RelayRules: ...
    def __repr__(self, /) -> str:
        """
        Shows nothing of a prompt.
        """
    @property
    def locks(self, /) -> list[str]:
        """
        What the client cannot change, as it is told: of ``systemPrompt``, ``voice`` and ``tools``.
        """

@final
class RelayToolCall:
    """
    A tool of the server's own is to be run, and its result given to the connection.
    """
    __match_args__: Final[tuple[str, str, str]]
    def __repr__(self, /) -> str:
        """
        Shows nothing of what was said.
        """
    @property
    def id(self, /) -> str:
        """
        The call.
        """
    @property
    def input(self, /) -> str:
        """
        Text of the arguments, normally a JSON object.
        """
    @property
    def name(self, /) -> str:
        """
        The tool.
        """

@final
class ScopePolicy:
    """
    What a credential may do, and nothing else: open a stream with named models in one region.

    >>> from nova_sonic import ScopePolicy
    >>> scope = ScopePolicy(region="us-east-1")
    >>> scope.model_ids
    ['amazon.nova-2-sonic-v1:0']
    >>> scope.is_dangerous
    False

    The first of ``model_ids`` is the one that a grant names. ``source_cidrs`` are the networks that streams can be
    opened from (hardening only: the address that your server sees may differ from the one that AWS sees), and
    ``open_window`` the seconds in which they can, where that is shorter than the credential's life.
    ``partition`` is for a region that is newer than this version of the package, which cannot tell where it belongs.
    ``documented_action_only`` leaves an action out of the policy that IAM's catalogue does not have yet, for linters.

    A wrong value is a ``ConfigurationError``:

    >>> ScopePolicy(region="us-east-1", model_ids=["anthropic.*"])
    Traceback (most recent call last):
    nova_sonic.errors.ConfigurationError: model_ids[0]: model id of 11 bytes is not the id of a foundation model...
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, region: str, partition: Literal["aws", "aws-us-gov", "aws-cn", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"] | None = None, model_ids: Sequence[str] = ..., source_cidrs: Sequence[str] = ..., open_window: float | None = None, inference_profile: InferenceProfile | None = None, documented_action_only: bool = ...) -> ScopePolicy: ...
    def __repr__(self, /) -> str: ...
    @staticmethod
    def dangerous_any_model(*, region: str) -> ScopePolicy:
        """
        **Dangerous:** every foundation model of the region, also those that write text or draw at any price.

        >>> ScopePolicy.dangerous_any_model(region="us-east-1").is_dangerous
        True
        """
    @property
    def is_dangerous(self, /) -> bool:
        """
        Whether it allows more than the models that it names.
        """
    @property
    def model_ids(self, /) -> list[str]:
        """
        The models, the one that a grant names first.
        """
    @staticmethod
    def model_lifecycle(model_id: str, *, now: datetime) -> ModelLifecycle:
        """
        Where a model stands in its life at the moment ``now``, as far as this version of the package knows.

        >>> from datetime import datetime, timezone
        >>> now = datetime(2026, 11, 22, tzinfo=timezone.utc)
        >>> ScopePolicy.model_lifecycle("amazon.nova-sonic-v1:0", now=now)
        ModelLifecycle(state='end-of-life', day=datetime.date(2026, 9, 14))
        """
    @staticmethod
    def model_offered(model_id: str, *, region: str) -> bool | None:
        """
        Whether the region offers the model; ``None`` where this version of the package does not know.

        >>> ScopePolicy.model_offered("amazon.nova-2-sonic-v1:0", region="eu-west-3")
        False
        """
    @property
    def partition(self, /) -> Literal["aws", "aws-us-gov", "aws-cn", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"]:
        """
        The partition that the region belongs to, such as ``aws``.
        """
    @property
    def region(self, /) -> str:
        """
        The region, such as ``us-east-1``.
        """
    def to_json(self, /, *, now: datetime, expiration: datetime) -> str:
        """
        The session policy that STS is sent for credentials issued at ``now`` that end at ``expiration``: minified JSON.

        >>> from datetime import datetime, timedelta, timezone
        >>> now = datetime(2026, 11, 22, 13, tzinfo=timezone.utc)
        >>> policy = ScopePolicy(region="us-east-1").to_json(now=now, expiration=now + timedelta(minutes=15))
        >>> "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-sonic-v1:0" in policy
        True
        """

@final
class VoiceClient:
    """
    Reaches the service for any number of conversations, which share its idle connections. Make one, keep it.

    >>> from nova_sonic import VoiceClient
    >>> client = VoiceClient(region_name="us-east-1")
    >>> client
    <VoiceClient model_id='amazon.nova-2-sonic-v1:0'>

    Credentials are ``aws_access_key_id``, ``aws_secret_access_key`` and ``aws_session_token`` if given, those of
    ``boto3_session`` (asked for at each conversation, so that it can refresh them), those of ``profile_name``, or what
    the usual chain of an AWS SDK finds. The region is otherwise that of the boto3 session, the profile or ``AWS_REGION``;
    ``endpoint_url`` that of ``AWS_ENDPOINT_URL_BEDROCK_RUNTIME`` or ``AWS_ENDPOINT_URL``, and ``ca_bundle`` that of
    ``AWS_CA_BUNDLE`` or ``REQUESTS_CA_BUNDLE``.

    With ``shared_connection=True`` all conversations go over one HTTP/2 connection: less memory and fewer handshakes, but
    each waits for the lost packets of the others.

    Making one checks the arguments and sends nothing. It is made anew after a fork.
    """
    def __new__(cls, /, *, region_name: str | None = None, model_id: str | None = None, endpoint_url: str | None = None, ca_bundle: str | PathLike[str] | None = None, profile_name: str | None = None, aws_access_key_id: str | None = None, aws_secret_access_key: str | bytes | None = None, aws_session_token: str | bytes | None = None, boto3_session: Any | None = None, shared_connection: bool = ...) -> VoiceClient: ...
    def __reduce__(self, /) -> str:
        """
        Refused: it holds keys, and connections that belong to this process.
        """
    def __repr__(self, /) -> str: ...
    @property
    def model_id(self, /) -> str:
        """
        The model that conversations are held with.
        """
    @property
    def region_name(self, /) -> str:
        """
        The region that conversations are held in.
        """

@final
class _Bell:
    """
    The bell of one conversation: ``_Voice`` takes it for a function to call. Private to this package.
    """
    @property
    def number(self, /) -> int:
        """
        By which ``_Bells`` tells that it has rung.
        """

@final
class _Bells:
    """
    The bells of one loop. Private to this package.
    """
    def __new__(cls, /) -> _Bells:
        """
        Raises ``OSError`` where there is no such socket.
        """
    def bell(self, /) -> _Bell:
        """
        Another bell.
        """
    def fileno(self, /) -> int:
        """
        The socket, readable when a bell has rung.
        """
    def rung(self, /) -> list[int]:
        """
        Which have rung since this was asked last.
        """

@final
class _Gathering:
    """
    An answer that is still being given. Private to this package.
    """
    def __new__(cls, /) -> _Gathering: ...
    def add(self, /, event: Any) -> bool:
        """
        Takes the next event; whether the answer has come to its end with it.
        """
    def answer(self, /) -> tuple[str, bytes, int, bool]:
        """
        What has come so far: words, sound, samples per second, and whether it was interrupted.
        """

@final
class _SharedLimits:
    """
    Limits that processes share, in the Redis of a URL. Private to this package.
    """
    def __new__(cls, /, url: str) -> _SharedLimits: ...
    def admit(self, /, keys: SupportsLenAndGetItem[str], limits: tuple[SupportsIndex, SupportsIndex, SupportsIndex, SupportsIndex, SupportsIndex], token: str) -> tuple[str, int]:
        """
        Lets a request in. ``keys`` are those of lock, minute, day, address, breaker and total; ``limits`` the lock's
        milliseconds, then issues per minute, per day, per address and in total, 0 for none.
        """
    def admit_async(self, /, keys: SupportsLenAndGetItem[str], limits: tuple[SupportsIndex, SupportsIndex, SupportsIndex, SupportsIndex, SupportsIndex], token: str) -> Coroutine[Any, Any, tuple[str, int]]:
        """
        The same for asyncio and trio.
        """
    def settle(self, /, keys: SupportsLenAndGetItem[str], token: str, generation: SupportsIndex, outcome: SupportsIndex, breaker: tuple[SupportsIndex, SupportsIndex]) -> None:
        """
        Ends what was let in: 0 when STS answered, 1 when it failed, 2 when nothing is known; ``breaker`` is how many
        failures open it, and for how many milliseconds.
        """
    def settle_async(self, /, keys: SupportsLenAndGetItem[str], token: str, generation: SupportsIndex, outcome: SupportsIndex, breaker: tuple[SupportsIndex, SupportsIndex]) -> Coroutine[Any, Any, None]:
        """
        The same for asyncio and trio.
        """

@final
class _Voice:
    """
    One conversation. Private to this package: ``nova_sonic.VoiceSession`` is what waits for it.
    """
    def __new__(cls, /, client: VoiceClient, config: _VoiceConfig, ring: Any) -> _Voice:
        """
        Begins to open a conversation. When there is something new to see, ``ring`` is called by another thread, or rings if
        it is a bell.
        """
    def __reduce__(self, /) -> str:
        """
        Refused: a conversation is one connection of one process.
        """
    def fail_tool(self, /, id: str, message: str) -> None:
        """
        Tells the model that a tool failed.
        """
    def hang_up(self, /) -> None:
        """
        Hangs up in order, or gives up opening.
        """
    def history(self, /) -> list[tuple[str, str]]:
        """
        What was said and heard: roles and words.
        """
    def interrupt(self, /) -> None:
        """
        Drops the rest of the answer.
        """
    def opened(self, /) -> bool:
        """
        Whether it is open. Raises what stands in the way.
        """
    def report_played(self, /, turn: SupportsIndex, samples: SupportsIndex) -> None:
        """
        Reports how many samples of a turn have been played.
        """
    def send_audio(self, /, data: bytes, start: SupportsIndex) -> int:
        """
        Sends sound from the byte ``start`` on; returns up to where it was taken. If that is not the end, the bell rings
        when there is room.
        """
    def send_text(self, /, text: str) -> None:
        """
        Sends something the user typed.
        """
    def send_tool_result(self, /, id: str, json: str) -> None:
        """
        Answers a call with the text of a JSON value.
        """
    def set_microphone(self, /, position: str) -> None:
        """
        Opens, mutes or closes the microphone.
        """
    def state(self, /) -> Literal["initializing", "listening", "thinking", "speaking", "idle", "closed"]:
        """
        Where the conversation stands.
        """
    def take(self, /, limit: SupportsIndex) -> tuple[list[Any], bool]:
        """
        Up to ``limit`` events, and whether these were the last. If fewer came, the bell rings for the next.
        """
    def usage(self, /) -> tuple[int, int, int, int]:
        """
        Tokens: speech and text in, speech and text out.
        """

@final
class _VoiceConfig:
    """
    What a conversation is to be like. Private to this package: ``nova_sonic.VoiceSession`` says what is meant.
    """
    def __new__(cls, /, *, system_prompt: str | None = None, speech_prompt: str | None = None, history: Sequence[tuple[str, str]] | None = None, voice_id: str | None = None, input_sample_rate: int | None = None, output_sample_rate: int | None = None, max_tokens: int | None = None, top_p: float | None = None, temperature: float | None = None, endpointing: str | None = None, tools: Sequence[tuple[str, str, str]] | None = None, tool_choice: str | None = None, speak_first: str | None = None, microphone: str | None = None, playback: str | None = None, open_timeout: float | None = None, answer_timeout: float | None = None, tool_timeout: float | None = None, idle_timeout: float | None = None, max_duration: float | None = None, renewal: bool | None = None, renew_after: float | None = None) -> _VoiceConfig: ...

@final
class _Work:
    """
    What one coroutine waits for. Private to this package.
    """
    def begin(self, /, ring: Any) -> None:
        """
        Begins; ``ring`` is called by another thread, or rings if it is a bell, once the work is over.
        """
    def give_up(self, /) -> None:
        """
        Gives it up: it is over a moment later.
        """
    @property
    def is_over(self, /) -> bool:
        """
        Whether nothing of it runs any more.
        """
    def outcome(self, /) -> Any:
        """
        What came of it, for the first who asks.
        """

def _after_fork() -> None:
    """
    Called by `os.fork` in the child, where no thread of the runtime exists.
    """

def _at_exit() -> None:
    """
    Called by `atexit`: afterwards no thread of ours touches the interpreter, which may then end.
    """

def _describe(code: str) -> tuple[bool, Literal["caller", "model", "service", "network"], str] | None:
    """
    What the project's error catalogue says of a code: retryable, blame, advice.
    """
