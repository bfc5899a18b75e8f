"""A gRPC application on $APP_PORT: the service of words.py with reflection, and methods for InvokeService."""

import json
import os
import threading
import time
from collections import defaultdict

import grpc
from dapr.ext.grpc import App, InvokeMethodRequest, InvokeMethodResponse
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_reflection.v1alpha import reflection
from grpc_status import rpc_status
from words import METHODS, SERVICE, Word

# Calls of Forever that are over, by their text.
ENDED = defaultdict(threading.Event)


def say(word, context):
    metadata = dict(context.invocation_metadata())
    context.send_initial_metadata((("x-answer", "first"), ("x-answer-bin", b"\x00\xff")))
    context.set_trailing_metadata((("x-last", "later"), ("x-last-bin", b"\xfe")))
    seen = {name: metadata.get(name) for name in ["x-mark", "dapr-caller-app-id", "dapr-app-id", "traceparent"]}
    seen["binary"] = list(metadata.get("x-mark-bin", b""))
    return Word(text=json.dumps(seen), data=word.data, count=word.count)


def fail(word, context):
    detail = any_pb2.Any()
    detail.Pack(error_details_pb2.ErrorInfo(reason="NO_TEA", domain="test", metadata={"word": word.text}))
    status = status_pb2.Status(code=code_pb2.FAILED_PRECONDITION, message=f"no {word.text}: ü", details=[detail])
    context.abort_with_status(rpc_status.to_status(status))


def seen(word, context):
    return Word(count=int(ENDED[word.text].wait(timeout=20)))


def repeat(word, context):
    for number in range(word.count):
        yield Word(text=word.text, data=word.data, count=number)
    context.set_trailing_metadata((("x-sent", str(word.count)),))


def forever(word, context):
    context.add_callback(ENDED[word.text].set)
    while context.is_active():
        yield Word(text=word.text)
        time.sleep(0.01)


def gather(words, context):
    texts = [word.text for word in words]
    return Word(text=" ".join(texts), count=len(texts))


def talk(words, context):
    for word in words:
        if word.text == "stop":
            context.abort(grpc.StatusCode.ABORTED, "stopped")
        yield Word(text=word.text.upper(), count=word.count + 1)


def handlers():
    def handler(name):
        client, server = METHODS[name]
        make = getattr(grpc, f"{'stream' if client else 'unary'}_{'stream' if server else 'unary'}_rpc_method_handler")
        return make(globals()[name.lower()], Word.FromString, Word.SerializeToString)

    return grpc.method_handlers_generic_handler(SERVICE, {name: handler(name) for name in METHODS})


app = App(max_grpc_message_length=32 << 20)
app.add_external_service(lambda handler, server: server.add_generic_rpc_handlers((handler,)), handlers())
reflection.enable_server_reflection((SERVICE, reflection.SERVICE_NAME), app._server)


@app.method("order")
def order(request: InvokeMethodRequest) -> InvokeMethodResponse:
    seen = {"body": request.text(), "type": request.content_type, "mark": request.metadata.get("x-mark")}
    answer = InvokeMethodResponse(json.dumps(seen), "application/json")
    answer.headers = (("x-answer", "python"),)
    return answer


@app.method("bytes")
def echo(request: InvokeMethodRequest) -> InvokeMethodResponse:
    return InvokeMethodResponse(request.data, request.content_type)


@app.method("broken")
def broken(request: InvokeMethodRequest):
    raise RuntimeError("out of tea")


app.run(int(os.environ["APP_PORT"]), "127.0.0.1")
