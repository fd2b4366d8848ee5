"""Asking a blocking store from the event loop."""

from __future__ import annotations

import asyncio

from asgiref.sync import sync_to_async

from nova_sonic.django.limits.demand import Demand, Lease, Outcome, Store


async def in_thread(store: Store, demand: Demand, token: str) -> Lease:
    """``store.admit`` in a thread. A thread cannot be cancelled, so what it took is given back afterwards."""
    admission = asyncio.ensure_future(sync_to_async(store.admit)(demand, token))
    try:
        return await asyncio.shield(admission)
    except asyncio.CancelledError:
        await asyncio.wait([admission])
        if admission.exception() is None:
            await sync_to_async(store.settle)(admission.result(), Outcome.UNKNOWN)
        raise
