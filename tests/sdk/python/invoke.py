"""Service invocation through the published SDK: usage `invoke.py http|grpc`.

The apps are `node-http` and `node-grpc` (app.mjs of the Node folder) and `python-grpc` (words_app.py).
"""

import json
import os
import sys

protocol = sys.argv[1]
os.environ["DAPR_API_METHOD_INVOCATION_PROTOCOL"] = protocol

import grpc  # noqa: E402
from dapr.clients import DaprClient  # noqa: E402
from dapr.clients.exceptions import DaprInternalError  # noqa: E402

BYTES = bytes(range(256)) * 400


def refused(call):
    try:
        answer = call()
    except (DaprInternalError, grpc.RpcError) as error:
        return f"{error!r} {error} {vars(error)}"
    raise AssertionError(f"no error but {answer}")


with DaprClient() as client:
    for app in ["node-http", "node-grpc"]:
        answer = client.invoke_method(
            app, "order", '{"item": "tea"}', content_type="application/json", http_verb="POST"
        )
        seen = json.loads(answer.data)
        assert seen["app"] == app and seen["body"] == {"item": "tea"}, seen
        assert seen["type"] == "application/json", seen
        query = (("size", "2"), ("note", "a b&c"))
        answer = client.invoke_method(app, "price", "", http_verb="GET", http_querystring=query)
        seen = json.loads(answer.data)
        assert "size=2" in seen["query"] and "note=a+b%26c" in seen["query"].replace("%20", "+"), seen

    answer = client.invoke_method(
        "python-grpc", "order", "milk", content_type="text/plain", http_verb="POST", metadata=(("x-mark", "7"),)
    )
    assert json.loads(answer.data) == {"body": "milk", "type": "text/plain", "mark": ["7"]}, answer.data
    assert answer.headers["x-answer"] == ["python"], answer.headers
    answer = client.invoke_method("python-grpc", "bytes", BYTES, content_type="image/png", http_verb="PUT")
    assert answer.data == BYTES and answer.content_type == "image/png", answer.content_type

    broken = refused(lambda: client.invoke_method("python-grpc", "broken", "", http_verb="POST"))
    assert "out of tea" in broken, broken
    missing = refused(lambda: client.invoke_method("node-http", "no/such", "", http_verb="POST"))
    assert "404" in missing or "NOT_FOUND" in missing, missing
    nobody = refused(lambda: client.invoke_method("nobody", "order", "", http_verb="POST"))
    assert "nobody" in nobody and ("ERR_DIRECT_INVOKE" in nobody or protocol == "grpc"), nobody
print(f"invoke {protocol}: all as expected")
