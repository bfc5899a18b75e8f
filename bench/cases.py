"""What is measured. A case prepares a binary once, and is then run round by round."""

import time

import load
import stores
from processes import cpu_seconds, memory
from sidecar import Sidecar, body

STARTS = 5
SETTLE = 3


class Case:
    """`prepare(processes, binary, options)` returns a function that measures once."""

    def __init__(self, name, needs, prepare):
        self.name, self.needs, self.prepare = name, needs, prepare

    def missing(self):
        """What is not installed, or nothing. `a|b` is either."""
        for need in self.needs:
            if not stores.program(*need.split("|")):
                return need
        return None


def startup(processes, binary, _):
    """From exec to ready for outbound calls, with an in-memory store; then idle."""
    resources = stores.memory(processes)

    def run():
        times = []
        for number in range(STARTS):
            sidecar = Sidecar(processes, binary, resources)
            times.append(sidecar.started_ms)
            if number == STARTS - 1:
                time.sleep(SETTLE)
                before = cpu_seconds(sidecar.process)
                time.sleep(SETTLE)
                idle = (cpu_seconds(sidecar.process) - before) / SETTLE * 100
                figure = {**memory(sidecar.process), "idle_cpu": round(idle, 2)}
            processes.stop(sidecar.process)
        return {"start_ms": round(sorted(times)[STARTS // 2], 1), **figure}

    return run


def over_http(start, path, item):
    def prepare(processes, binary, options):
        sidecar = Sidecar(processes, binary, start(processes))
        sidecar.save("k")
        load.http(sidecar, path, item, 1)
        return lambda: load.http(sidecar, path, item, options.seconds)

    return prepare


def over_grpc(start, call):
    def prepare(processes, binary, options):
        sidecar = Sidecar(processes, binary, start(processes))
        sidecar.save("k")
        load.grpc(sidecar, *call, 1)
        return lambda: load.grpc(sidecar, *call, options.seconds)

    return prepare


def shared(start):
    """One server for all binaries of a case."""
    started = {}

    def once(processes):
        if processes not in started:
            started[processes] = start(processes)
        return started[processes]

    return once


def all_cases():
    yield Case("startup", [], startup)
    for name, needs, start in stores.STORES:
        # A file of its own each: SQLite's writers would wait for one another.
        start = start if name == "sqlite" else shared(start)
        save = body("k2").decode()
        yield Case(f"{name} get http", ["wrk", *needs], over_http(start, "/v1.0/state/statestore/k", None))
        yield Case(f"{name} set http", ["wrk", *needs], over_http(start, "/v1.0/state/statestore", save))
        yield Case(f"{name} get grpc", ["h2load", *needs], over_grpc(start, load.GET_STATE))
        yield Case(f"{name} set grpc", ["h2load", *needs], over_grpc(start, load.SAVE_STATE))


ALL = list(all_cases())
