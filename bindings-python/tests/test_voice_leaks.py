"""Conversations that begin and end in every way there is leave nothing behind."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

import pytest
from conftest import Ran
from test_voice import Act

# As many again are held before anything is counted: pools fill, and allocators find their size.
SESSIONS = int(os.environ.get("NOVA_SONIC_LEAK_SESSIONS", "64"))
AT_ONCE = 16

COMMON = """
import asyncio, contextlib, gc, json, os, pathlib, random, sys, threading, time
from nova_sonic import blocking, errors
chance = random.Random(7)
def pause():
    return chance.random() * 0.05
clients = [VoiceClient(), VoiceClient(endpoint_url=sys.argv_url_broken, ca_bundle=sys.argv_ca_broken)]
async def slow(city: str) -> str:
    '''Weather of a city.'''
    await asyncio.sleep(60)
    return city
def held():
    gc.collect()
    fields = dict(line.split(':', 1) for line in pathlib.Path('/proc/self/status').read_text().splitlines())
    return {
        'threads': len(os.listdir('/proc/self/task')),
        'descriptors': len(os.listdir('/proc/self/fd')),
        'kibibytes': int(fields['RssAnon'].split()[0]),
        'objects': len(gc.get_objects()),
        'sessions': sum(type(one).__name__ == 'VoiceSession' for one in gc.get_objects()),
    }
"""

ASYNC = """
async def one(place):
    async with place:
        how = chance.choice(['heard', 'left', 'cancelled', 'forgotten', 'broken', 'recovers', 'refused', 'unread'])
        client = clients[how in ('broken', 'recovers')]
        if how == 'refused':
            client = VoiceClient(endpoint_url='http://127.0.0.1:9')
        session = VoiceSession(client=client, tools=[slow], renewal=how != 'broken')
        if how == 'forgotten':
            # A busy machine may be too slow to connect in time.
            with contextlib.suppress(errors.EndpointConnectionError):
                await session.open()
                await session.send_audio(bytes(3200))
            return
        with contextlib.suppress(errors.NovaSonicError, asyncio.TimeoutError):
            async def talk():
                async with session:
                    await session.send_audio(bytes(32000))
                    await session.send_text('Hello.')
                    if how == 'left':
                        raise TimeoutError
                    if how == 'unread':
                        await asyncio.sleep(pause())
                        return
                    async for event in session:
                        if type(event).__name__ == 'Audio' and how == 'heard':
                            session.interrupt()
                            return
                        if type(event).__name__ == 'Renewing' and how == 'recovers':
                            return await asyncio.sleep(pause())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(talk(), pause() if how == 'cancelled' else 60)
async def all_of(count):
    place = asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(one(place) for _ in range(count)))
    deadline = time.monotonic() + 30
    # What was forgotten is hung up behind the scenes.
    while len(os.listdir('/proc/self/fd')) > AT_ONCE * 2 + 40 and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    assert len(asyncio.all_tasks()) == 1, asyncio.all_tasks()
    return held()
async def main():
    await all_of(COUNT)
    print(json.dumps([await all_of(COUNT), await all_of(COUNT)]))
asyncio.run(main())
"""

BLOCKING = """
def one():
    how = chance.choice(['heard', 'left', 'forgotten', 'broken', 'recovers', 'refused', 'unread'])
    client = clients[how in ('broken', 'recovers')]
    if how == 'refused':
        client = VoiceClient(endpoint_url='http://127.0.0.1:9')
    session = blocking.VoiceSession(client=client, tools=[slow], renewal=how != 'broken')
    if how == 'forgotten':
        with contextlib.suppress(errors.EndpointConnectionError):
            session.open()
            session.send_audio(bytes(3200))
        return
    with contextlib.suppress(errors.NovaSonicError, TimeoutError), session:
        session.send_audio(bytes(32000))
        session.send_text('Hello.')
        if how == 'left':
            raise TimeoutError
        if how == 'unread':
            return time.sleep(pause())
        for event in session:
            if type(event).__name__ == 'Audio' and how == 'heard':
                return
            if type(event).__name__ == 'Renewing' and how == 'recovers':
                return time.sleep(pause())
def work(count):
    for _ in range(count):
        one()
def all_of(count):
    threads = [threading.Thread(target=work, args=(count // AT_ONCE,)) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return held()
all_of(COUNT)
print(json.dumps([all_of(COUNT), all_of(COUNT)]))
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="counts are read from Linux's /proc")
@pytest.mark.parametrize("kind", ["asyncio", "blocking"])
def test_nothing_is_left_of_many_conversations(
    acting: Act, run_python: Callable[..., Ran], kind: str, tmp_path: os.PathLike[str]
) -> None:
    fault = {"after_audio_frames": 1, "kind": "cut"}
    broken = acting({"name": "cut", "turns": [{"say": [{"text": "I break."}], "fault": fault}]}, "--max-streams", "99")
    where = (broken.https, broken.ca)
    acting("parrot", "--max-streams", "99")
    script = COMMON.replace("sys.argv_url_broken", repr(where[0])).replace("sys.argv_ca_broken", repr(where[1]))
    script += (
        (ASYNC if kind == "asyncio" else BLOCKING).replace("COUNT", str(SESSIONS)).replace("AT_ONCE", str(AT_ONCE))
    )
    ran = run_python(script, seconds=240 + SESSIONS)
    assert (ran.code, ran.err) == (0, "")
    before, after = json.loads(ran.out)
    assert after["sessions"] == 0
    # Pools of threads breathe, by less than one for each conversation that is held at once.
    assert after["threads"] <= before["threads"] + AT_ONCE
    assert after["descriptors"] <= before["descriptors"] + AT_ONCE
    assert after["objects"] <= before["objects"] + 200
    assert after["kibibytes"] <= before["kibibytes"] + 2048, (before, after)
