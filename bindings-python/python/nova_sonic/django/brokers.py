"""The process's one broker: built when it is first needed, from the settings, and built anew after a fork."""

from __future__ import annotations

import asyncio
import os
import threading

from nova_sonic import CredentialBroker, ScopePolicy
from nova_sonic.django import conf, refusals
from nova_sonic.django.conf import Settings

_broker: CredentialBroker | None = None
_lock = threading.Lock()


def current() -> CredentialBroker:
    """The broker of this process. Building it may read files and ask the network, so it blocks the first time."""
    global _broker
    broker = _broker
    if broker is None:
        with _lock:
            broker = _broker
            if broker is None:
                broker = _broker = build(checked_settings())
    return broker


async def acurrent() -> CredentialBroker:
    """:func:`current` for the event loop: the first call waits in a thread."""
    broker = _broker
    return await asyncio.to_thread(current) if broker is None else broker


def checked_settings() -> Settings:
    """The settings; with a problem in them nothing is issued, and the log says which."""
    settings, problems = conf.current()
    if problems:
        raise refusals.misconfigured(f"{problems[0].id}: {problems[0].message}")
    return settings


def scope(settings: Settings) -> ScopePolicy:
    """What the credentials may do."""
    if settings.dangerous_any_model:
        return ScopePolicy.dangerous_any_model(region=settings.region)
    return ScopePolicy(
        region=settings.region,
        model_ids=settings.model_ids,
        source_cidrs=settings.source_cidrs,
        open_window=settings.open_window,
        inference_profile=settings.inference_profile,
        documented_action_only=settings.documented_action_only,
    )


def build(settings: Settings) -> CredentialBroker:
    """A broker without limits of its own: those live in the cache, where every process sees them."""
    return CredentialBroker(
        scope=scope(settings),
        role_arn=settings.role_arn,
        federation_token=settings.federation_token,
        session_name_key=settings.session_name_key,
        mode="plain" if settings.grant == "plain" else "signing-keys",
        external_id=settings.external_id,
        source_identity=settings.source_identity,
        tags=dict(settings.tags),
        limits=None,
        endpoint_url=settings.endpoint_url,
        ca_bundle=settings.ca_bundle,
        profile_name=settings.profile_name,
        timeout=settings.timeout,
    )


def forget() -> None:
    """Drops the broker: the settings have changed."""
    global _broker
    _broker = None


def _after_fork() -> None:
    # A worker gets a broker, connections and a lock of its own: the parent's may be in the middle of something.
    global _lock
    _lock = threading.Lock()
    forget()


os.register_at_fork(after_in_child=_after_fork)
