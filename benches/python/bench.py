"""CPU and memory of conversations in Python: the AWS SDK and this project's package, in turns, against one server."""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

CPU_BUDGET = 0.25
FLAT_BUDGET = 1.1
FOLDER = pathlib.Path(__file__).resolve().parent
SENT, RECEIVED, HEARD = 1 / 0.032, 1 / 0.040, 960 * 2 / 0.040

Result = dict[str, float]


def pinned(core: int) -> Callable[[], None] | None:
    """What keeps a process on a core, where there are two."""
    if os.cpu_count() == 1:
        return None
    return lambda: os.sched_setaffinity(0, {core})


def one_run(server: str, client: str, sessions: int, arguments: argparse.Namespace) -> Result:
    """A client's process beside a server's."""
    with (
        tempfile.NamedTemporaryFile("w", suffix=".pem") as ca,
        subprocess.Popen(
            [server, "server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=pinned(1)
        ) as serving,
    ):
        assert serving.stdin is not None and serving.stdout is not None
        try:
            address = json.loads(serving.stdout.readline())
            ca.write(address["certificate"])
            ca.flush()
            command = [sys.executable, str(FOLDER / f"{client}.py"), "--url", f"https://127.0.0.1:{address['port']}"]
            command += ["--ca", ca.name, "--sessions", str(sessions)]
            command += ["--warm-up", str(arguments.warm_up), "--window", str(arguments.window)]
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=300, check=True, preexec_fn=pinned(0)
            )
            serving.stdin.write("\n")
            serving.stdin.flush()
            seen = json.loads(serving.stdout.readline())
        finally:
            serving.stdin.close()
    result: Result = json.loads(done.stdout.splitlines()[-1])
    return result | {"connections": seen["connections"]}


def held(result: Result) -> bool:
    """Whether sound went and came in real time."""
    rates = [("sent_per_second", SENT), ("received_per_second", RECEIVED), ("heard_bytes_per_second", HEARD)]
    return all(abs(result[name] / wanted - 1) <= 0.02 for name, wanted in rates)


def better(results: list[Result]) -> float:
    """The least cost of the runs that count; of all, if none does."""
    return min(result["cpu_percent"] for result in ([*filter(held, results)] or results))


def row(sessions: int, client: str, results: list[Result], bare: float | None) -> str:
    runs = ", ".join(f"{r['cpu_percent']:.3f}" if held(r) else f"({r['cpu_percent']:.3f})" for r in results)
    own = max(result["own_kibibytes"] for result in results) / 1024
    cpu = better(results)
    rates = [
        statistics.median(result[name] for result in results) for name in ("sent_per_second", "received_per_second")
    ]
    connections = max(result["connections"] for result in results)
    cells: list[Any] = [
        sessions,
        client,
        f"{cpu:.3f}",
        runs,
        "-" if bare is None else f"{cpu / bare:.2f}",
        f"{own:.1f}",
    ]
    cells += [f"{own / sessions * 1024:.0f}", *(f"{rate:.2f}" for rate in rates), int(connections)]
    return "| " + " | ".join(map(str, cells)) + " |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True, help="the program of `sessions`, whose server this is")
    parser.add_argument("--sessions", default="1,10,40,80")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--warm-up", type=float, default=3)
    parser.add_argument("--window", type=float, default=7)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"Conversations in Python {version}, the client on one core, one shared connection\n")
    print(
        "| sessions | client | CPU %/session | each run | x SDK | own MiB | KiB/session | sent/s | received/s | connections |"
    )
    print("| --- " * 10 + "|", flush=True)
    broken, costs = [], []
    for sessions in map(int, arguments.sessions.split(",")):
        results: dict[str, list[Result]] = {"peer": [], "ours": []}
        for _ in range(arguments.rounds):
            for client, runs in results.items():
                runs.append(one_run(arguments.server, client, sessions, arguments))
        # One that falls behind does less work, and is no measure.
        bare = better(results["peer"]) if any(map(held, results["peer"])) else None
        print(row(sessions, "AWS SDK for Python", results["peer"], bare))
        print(row(sessions, "nova-sonic", results["ours"], bare), flush=True)
        costs.append(better(results["ours"]))
        ratio = None if bare is None else costs[-1] / bare
        if ratio is not None and round(ratio, 2) > CPU_BUDGET:
            broken.append(f"CPU with {sessions} sessions: {ratio:.2f} x the SDK's, the budget is {CPU_BUDGET}")
        if not any(map(held, results["ours"])):
            broken.append(f"with {sessions} sessions no run of ours kept real time")
    if costs[-1] > costs[0] * FLAT_BUDGET:
        broken.append(f"the cost of a session grows from {costs[0]:.3f} to {costs[-1]:.3f} %")
    print("\n" + ("\n".join(f"BROKEN: {one}" for one in broken) or "All budgets hold."))
    return 1 if broken and arguments.check else 0


sys.exit(main())
