"""What is measured. A case prepares a binary once, and is then run round by round."""

import time

import invoke
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


def invocation(item, connections):
    """Calls of an app behind another sidecar; `cpu_us` is that of both sidecars."""

    def prepare(processes, binary, options):
        caller, path = invoke.pair(processes, binary)
        load.http(caller, path, item, 1, connections)
        return lambda: load.http(caller, path, item, options.seconds, connections)

    return prepare


def invocation_with_mtls(item, connections):
    """The same with mTLS, by turns with a pair without: `of_plain` is the ratio of their `cpu_us`."""

    def prepare(processes, binary, options):
        sentry = invoke.Sentry(processes, binary.parent / "sentry")
        pairs = [invoke.pair(processes, binary), invoke.pair(processes, binary, sentry)]
        for caller, path in pairs:
            load.http(caller, path, item, 1, connections)

        def run():
            plain, secured = [load.http(caller, path, item, options.seconds, connections) for caller, path in pairs]
            ratio = round(secured["cpu_us"] / plain["cpu_us"], 2)
            return {**secured, "errors": plain["errors"] + secured["errors"], "of_plain": ratio}

        return run

    return prepare


def sentry_idle(processes, binary, _):
    sentry = invoke.Sentry(processes, binary.parent / "sentry")
    return lambda: sentry.idle(SETTLE)


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
    yield Case("sentry idle", [], sentry_idle)
    needs = ["wrk", "nginx"]
    yield Case("invoke http", needs, invocation(None, load.HTTP_CONNECTIONS))
    yield Case("invoke http 1 connection", needs, invocation(None, 1))
    yield Case("invoke http 16 KB", needs, invocation("x" * 16384, load.HTTP_CONNECTIONS))
    yield Case("invoke mtls", needs, invocation_with_mtls(None, load.HTTP_CONNECTIONS))
    yield Case("invoke mtls 16 KB", needs, invocation_with_mtls("x" * 16384, load.HTTP_CONNECTIONS))
    for name, needs, start in stores.STORES:
        # A file of its own each: SQLite's writers would wait for one another.
        start = start if name == "sqlite" else shared(start)
        save = body("k2").decode()
        yield Case(f"{name} get http", ["wrk", *needs], over_http(start, "/v1.0/state/statestore/k", None))
        yield Case(f"{name} set http", ["wrk", *needs], over_http(start, "/v1.0/state/statestore", save))
        yield Case(f"{name} get grpc", ["h2load", *needs], over_grpc(start, load.GET_STATE))
        yield Case(f"{name} set grpc", ["h2load", *needs], over_grpc(start, load.SAVE_STATE))


ALL = list(all_cases())
