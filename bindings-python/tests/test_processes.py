"""Forks, interpreters within an interpreter, and the end of a process."""

from __future__ import annotations

import multiprocessing
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import nova_sonic
import pytest
from conftest import Ran
from nova_sonic import CredentialBroker
from stub_sts import StubSts

EXITS = 20
FORK = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

# From 3.12 on Python warns of any fork of a process that has threads, ours among them.
PREFORK = """
import asyncio, os, sys, warnings
warnings.filterwarnings("ignore", message=".*multi-threaded, use of fork.*", category=DeprecationWarning)
def in_child(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"""


@FORK
def test_children_of_an_unused_parent_issue(sts: StubSts, run_python: Callable[..., Ran]) -> None:
    ran = run_python(
        PREFORK + "broker = make_broker()\n"
        "codes = [in_child(lambda: broker.issue('alice')) for _ in range(4)]\n"
        "print(codes, broker.metrics().issued, broker.issue('alice').mode)\n"
    )
    assert (ran.code, ran.out, ran.err) == (0, "[0, 0, 0, 0] 0 signing-keys\n", "")


@FORK
def test_children_of_a_parent_that_has_issued_issue(sts: StubSts, run_python: Callable[..., Ran]) -> None:
    ran = run_python(
        PREFORK + "broker = make_broker()\n"
        "broker.issue('alice')\n"
        "asyncio.run(broker.issue_async('alice'))\n"
        "def both():\n"
        "    assert broker.metrics().issued == 0\n"
        "    broker.issue('alice')\n"
        "    asyncio.run(broker.issue_async('alice'))\n"
        "    assert broker.metrics().issued == 2\n"
        "codes = [in_child(both) for _ in range(4)]\n"
        "print(codes, broker.metrics().issued, broker.issue('alice').mode)\n"
    )
    assert (ran.code, ran.out, ran.err) == (0, "[0, 0, 0, 0] 2 signing-keys\n", "")


@FORK
def test_children_have_children(sts: StubSts, run_python: Callable[..., Ran]) -> None:
    ran = run_python(
        PREFORK + "broker = make_broker()\n"
        "broker.issue('alice')\n"
        "def child():\n"
        "    broker.issue('alice')\n"
        "    assert in_child(lambda: broker.issue('alice')) == 0\n"
        "    broker.issue('alice')\n"
        "print(in_child(child))\n"
    )
    assert (ran.code, ran.out, ran.err) == (0, "0\n", "")


@FORK
def test_a_fork_while_calls_are_in_flight_leaves_both_sides_whole(sts: StubSts, run_python: Callable[..., Ran]) -> None:
    ran = run_python(
        PREFORK + "import threading\n"
        "broker = make_broker()\n"
        "def serve():\n"
        "    while not over.is_set():\n"
        "        broker.issue('alice')\n"
        "over = threading.Event()\n"
        "threads = [threading.Thread(target=serve) for _ in range(4)]\n"
        "for thread in threads: thread.start()\n"
        "codes = [in_child(lambda: broker.issue('bob')) for _ in range(20)]\n"
        "over.set()\n"
        "for thread in threads: thread.join()\n"
        "print(set(codes), broker.metrics().in_flight)\n"
    )
    assert (ran.code, ran.out, ran.err) == (0, "{0} 0\n", "")


@FORK
def test_a_child_may_end_as_any_process_does(sts: StubSts, run_python: Callable[..., Ran]) -> None:
    ran = run_python(
        PREFORK + "import gc\n"
        "broker = make_broker()\n"
        "broker.issue('alice')\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    del broker\n"
        "    gc.collect()\n"
        "    sys.exit(7)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
    )
    assert (ran.code, ran.out, ran.err) == (0, "7\n", "")


@FORK
def test_making_a_broker_starts_no_thread(sts: StubSts, run_python: Callable[..., Ran]) -> None:
    if not pathlib.Path("/proc/self/task").is_dir():
        pytest.skip("threads are counted in /proc")
    ran = run_python("import os\nbroker = make_broker()\nprint(len(os.listdir('/proc/self/task')))\n")
    assert (ran.code, ran.out, ran.err) == (0, "1\n", "")


POOL = """
import multiprocessing, sys, warnings
from nova_sonic import *
warnings.filterwarnings("ignore", message=".*multi-threaded, use of fork.*", category=DeprecationWarning)
broker = CredentialBroker(
    scope=ScopePolicy(region="us-east-1"),
    role_arn="arn:aws:iam::123456789012:role/nova-sonic-voice",
    session_name_key="a key for session names",
    limits=None,
    timeout=60,
    connect_timeout=30,
    read_timeout=30,
)
def work(name):
    return broker.issue(name).record.subject_hash
if __name__ == "__main__":
    method, used = sys.argv[1:]
    if used == "used":
        broker.issue("alice")
    with multiprocessing.get_context(method).Pool(2) as pool:
        print(len(set(pool.map(work, ["alice", "bob", "carol", "alice"]))))
"""


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
@pytest.mark.parametrize("used", ["unused", "used"])
def test_multiprocessing_works(sts: StubSts, tmp_path: pathlib.Path, method: str, used: str) -> None:
    program = tmp_path / "program.py"
    program.write_text(POOL, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, str(program), method, used],
        env=os.environ | {"PYTHONPATH": str(pathlib.Path(nova_sonic.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "3\n", "")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the modules that make interpreters are of 3.12 and later")
def test_another_interpreter_is_refused_in_plain_words(run_python: Callable[..., Ran]) -> None:
    module = "_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters"
    ran = run_python(
        f"import {module} as interpreters\n"
        "other = interpreters.create()\n"
        "print(interpreters.run_string(other, '''if True:\n"
        "    try:\n"
        "        import nova_sonic\n"
        "    except ImportError as error:\n"
        "        print(error)\n"
        "'''))\n"
    )
    assert ran.code == 0, ran.err
    assert "nova_sonic works in a process's main interpreter only" in ran.out and "mod_wsgi" in ran.out


SCRIPTS = {
    "blocked": """
for n in range(4):
    threading.Thread(target=broker.issue, args=(f"user-{n}",), daemon=True).start()
while broker.metrics().in_flight < 4:
    pass
""",
    "retrying": """
def serve(n):
    while True:
        try:
            broker.issue(f"user-{n}")
        except RuntimeError:
            break
for n in range(4):
    threading.Thread(target=serve, args=(n,), daemon=True).start()
while broker.metrics().in_flight < 4:
    pass
""",
    "awaited": """
async def main():
    await asyncio.gather(*[broker.issue_async(f"user-{n}") for n in range(8)])
def loop():
    try:
        asyncio.run(main())
    except BaseException:
        pass
threading.Thread(target=loop, daemon=True).start()
while broker.metrics().in_flight < 8:
    pass
""",
    "done": """
asyncio.run(broker.issue_async("alice"))
broker.issue("alice")
""",
}


@pytest.mark.parametrize("script", SCRIPTS, ids=list(SCRIPTS))
def test_the_interpreter_ends_whatever_is_in_flight(sts: StubSts, run_python: Callable[..., Ran], script: str) -> None:
    if script != "done":
        sts.hold()
    source = "import asyncio, sys, threading\nsys.setswitchinterval(1e-5)\nbroker = make_broker()\n" + SCRIPTS[script]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for ran in pool.map(lambda _: run_python(source), range(EXITS)):
            # What the threads of the script say of their end is Python's affair; a crash has a code or a dump.
            assert ran.code == 0 and "Fatal Python error" not in ran.err, ran
            assert "panicked" not in ran.err, ran


# Its methods are Python's own and never return; what follows an answer that is awaited is called in that thread.
STUCK = """
class Stuck(asyncio.SelectorEventLoop):
    def stop_here(self, *_, **__):
        stuck.set()
        while True:
            time.sleep(0.01)
    create_future = add_reader = remove_reader = stop_here
stuck = threading.Event()
threading.Thread(target=lambda: Stuck().run_until_complete(broker.issue_async("alice")), daemon=True).start()
stuck.wait()
class Slow:
    def __getattr__(self, name):
        return getattr(sys.__stdout__, name)
    def flush(self, sleep=time.sleep):
        sleep(0.5)  # the interpreter's end takes its time, in which it stops the other thread
sys.stdout = Slow()
"""


def test_the_interpreter_ends_a_thread_in_the_midst_of_a_loop(sts: StubSts, run_python: Callable[..., Ran]) -> None:
    sts.hold()
    ran = run_python("import asyncio, sys, threading, time\nbroker = make_broker()\n" + STUCK)
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_after_the_end_has_begun_nothing_is_issued(sts: StubSts, run_python: Callable[..., Ran]) -> None:
    ran = run_python(
        "import atexit, threading\n"
        "broker = make_broker()\n"
        "def late():\n"
        "    try: broker.issue('alice')\n"
        "    except RuntimeError as error: print(error)\n"
        "import nova_sonic\n"
        "nova_sonic._native._at_exit()\n"
        "late()\n"
    )
    assert (ran.code, ran.err) == (0, "") and "shutting down" in ran.out


def test_a_broker_is_not_carried_to_another_process(broker: CredentialBroker) -> None:
    import copy
    import pickle

    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="CredentialBroker cannot be pickled or copied"):
            attempt(broker)
