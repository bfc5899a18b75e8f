"""Load on a sidecar: wrk over HTTP/1.1, h2load over gRPC. Each returns one figure."""

import re
import struct
import subprocess
import tempfile

from processes import cpu_seconds, memory
from sidecar import VALUE

HTTP_CONNECTIONS = 16
GRPC_CONNECTIONS, GRPC_STREAMS = 4, 8
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 60e3}


def milliseconds(text):
    found = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text or "")
    return round(float(found[1]) * UNITS[found[2]], 3) if found else None


def figure(sidecar, count, seconds, used, errors, p50=None, p99=None):
    return {"rps": round(count / seconds), "p50_ms": p50, "p99_ms": p99,
            "cpu_us": round(used / max(count, 1) * 1e6, 1), "errors": errors,
            **max((memory(process) for process in sidecar.measured), key=lambda size: size["rss_mb"])}


def used_by(sidecar):
    return sum(cpu_seconds(process) for process in sidecar.measured)


def http(sidecar, path, body, seconds, connections=HTTP_CONNECTIONS):
    """GET without a body, POST with one."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if body:
            script.write(f'wrk.method="POST"\nwrk.headers["content-type"]="application/json"\nwrk.body=[==[{body}]==]\n')
            script.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script.name, sidecar.url(path)]
        before = used_by(sidecar)
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        used = used_by(sidecar) - before
    done = re.search(r"(\d+) requests in ([\d.]+)s", printed)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", printed)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", printed)
    errors = int(refused[1] if refused else 0) + (sum(map(int, broken.groups())) if broken else 0)
    latency = dict(re.findall(r"\b(50|99)%\s+([\d.]+\w+)", printed))
    return figure(sidecar, int(done[1]), float(done[2]), used, errors,
                  milliseconds(latency.get("50")), milliseconds(latency.get("99")))


def grpc(sidecar, method, message, answer, seconds):
    """`answer` is the least number of bytes of a good one: errors of gRPC are HTTP 200 without any."""
    with tempfile.NamedTemporaryFile("wb") as frame:
        frame.write(b"\0" + struct.pack(">I", len(message)) + message)
        frame.flush()
        command = ["h2load", f"-c{GRPC_CONNECTIONS}", f"-m{GRPC_STREAMS}", "-t1", f"-D{seconds}", "-d", frame.name,
                   "-H", "content-type: application/grpc", "-H", "te: trailers",
                   f"http://127.0.0.1:{sidecar.grpc}/dapr.proto.runtime.v1.Dapr/{method}"]
        before = used_by(sidecar)
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        used = used_by(sidecar) - before
    done = re.search(r"requests: \d+ total, \d+ started, (\d+) done, \d+ succeeded, (\d+) failed", printed)
    data = re.search(r"\((\d+)\) data", printed)
    errors = int(done[2]) + max(0, int(done[1]) - int(data[1]) // answer)
    mean = re.search(r"time for request:\s+\S+\s+\S+\s+(\S+)", printed)
    # h2load knows no percentiles; its mean stands where the median does.
    return figure(sidecar, int(done[1]), seconds, used, errors, milliseconds(mean[1]) if mean else None)


def message(*fields):
    """A protobuf message of texts and messages: pairs of number and content."""
    encoded = b""
    for number, content in fields:
        content = content.encode() if isinstance(content, str) else content
        encoded += bytes([number << 3 | 2]) + varint(len(content)) + content
    return encoded


def varint(number):
    encoded = b""
    while number > 127:
        encoded, number = encoded + bytes([number & 127 | 128]), number >> 7
    return encoded + bytes([number])


FRAME = 5
# Method, message, and the least size of the answer.
GET_STATE = ("GetState", message((1, "statestore"), (2, "k")), FRAME + len(VALUE))
SAVE_STATE = ("SaveState", message((1, "statestore"), (2, message((1, "k2"), (2, VALUE)))), FRAME)
