"""gRPC proxying as a plain client sees it: usage `proxy.py APP_ID`, with words_app.py behind that app id."""

import json
import os
import queue
import sys

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status
from words import SERVICE, Word, stub

APP_ID = sys.argv[1]
LARGE = 32 << 20
OPTIONS = [("grpc.max_receive_message_length", LARGE), ("grpc.max_send_message_length", LARGE)]


class AddAppId(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Puts `dapr-app-id` into the metadata of every call, also of those that a library makes."""

    def _call(self, continuation, details, request):
        metadata = [*(details.metadata or ()), ("dapr-app-id", APP_ID)]
        return continuation(details._replace(metadata=metadata), request)

    intercept_unary_unary = intercept_unary_stream = _call
    intercept_stream_unary = intercept_stream_stream = _call


def unary(channel):
    call = stub(channel, "Say").with_call
    metadata = (("x-mark", "7"), ("x-mark-bin", b"\x01\x02\xff"))
    word, details = call(Word(data=b"\x00\x01", count=3), metadata=metadata, timeout=20)
    assert (word.data, word.count) == (b"\x00\x01", 3), word
    seen = json.loads(word.text)
    assert seen["x-mark"] == "7" and seen["binary"] == [1, 2, 255], seen
    assert seen["dapr-caller-app-id"] == "caller" and seen["dapr-app-id"] is None, seen
    first, last = dict(details.initial_metadata()), dict(details.trailing_metadata())
    assert first["x-answer"] == "first" and first["x-answer-bin"] == b"\x00\xff", first
    assert last["x-last"] == "later" and last["x-last-bin"] == b"\xfe", last


def large(channel):
    data = os.urandom(6 << 20)
    assert stub(channel, "Say")(Word(data=data), timeout=60).data == data
    assert [word.data for word in stub(channel, "Repeat")(Word(data=data, count=3), timeout=60)] == [data] * 3


def streams(channel):
    call = stub(channel, "Repeat")(Word(text="tea", count=1000), timeout=60)
    assert [word.count for word in call] == list(range(1000))
    assert dict(call.trailing_metadata())["x-sent"] == "1000", call.trailing_metadata()
    assert list(stub(channel, "Repeat")(Word(count=0), timeout=20)) == []
    gathered = stub(channel, "Gather")((Word(text=str(n)) for n in range(1000)), timeout=60)
    assert gathered.count == 1000 and gathered.text == " ".join(map(str, range(1000)))
    assert stub(channel, "Gather")(iter([]), timeout=20).count == 0


def conversation(channel):
    words = queue.Queue()
    answers = stub(channel, "Talk")(iter(words.get, None), timeout=60)
    for number in range(100):
        # Each answer is there before the next word is said.
        words.put(Word(text=f"word {number}", count=number))
        answer = next(answers)
        assert (answer.text, answer.count) == (f"WORD {number}", number + 1), answer
    words.put(None)
    assert list(answers) == [] and answers.code() == grpc.StatusCode.OK

    words = queue.Queue()
    answers = stub(channel, "Talk")(iter(words.get, None), timeout=60)
    words.put(Word(text="one"))
    assert next(answers).text == "ONE"
    words.put(Word(text="stop"))
    error = refused(lambda: next(answers))
    words.put(None)
    assert (error.code(), error.details()) == (grpc.StatusCode.ABORTED, "stopped"), error


def errors(channel):
    error = refused(lambda: stub(channel, "Fail")(Word(text="tea"), timeout=20))
    assert error.code() == grpc.StatusCode.FAILED_PRECONDITION, error
    assert error.details() == "no tea: ü", error.details()
    info = error_details_pb2.ErrorInfo()
    [detail] = rpc_status.from_call(error).details
    assert detail.Unpack(info) and (info.reason, info.metadata["word"]) == ("NO_TEA", "tea"), detail

    unknown = channel.unary_unary(f"/{SERVICE}/Nothing", Word.SerializeToString, Word.FromString)
    assert refused(lambda: unknown(Word(), timeout=20)).code() == grpc.StatusCode.UNIMPLEMENTED
    error = refused(lambda: stub(channel, "Forever")(Word(text="late"), timeout=0.3).__next__, forever=True)
    assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error


def cancellation(channel):
    call = stub(channel, "Forever")(Word(text="on"), timeout=60)
    assert [next(call).text for _ in range(3)] == ["on"] * 3
    call.cancel()
    assert stub(channel, "Seen")(Word(text="on"), timeout=30).count == 1, "the app sees that the caller is gone"


def reflected(channel):
    database = ProtoReflectionDescriptorDatabase(channel)
    assert SERVICE in database.get_services(), database.get_services()
    service = DescriptorPool(database).FindServiceByName(SERVICE)
    assert {"Say", "Talk"} <= {method.name for method in service.methods}, service


def nobody(port):
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        error = refused(lambda: stub(channel, "Say")(Word(), timeout=20))
        assert "required metadata dapr-callee-app-id or dapr-app-id not found" in error.details(), error
        metadata = (("dapr-app-id", "nobody"),)
        error = refused(lambda: stub(channel, "Say")(Word(), metadata=metadata, timeout=20))
        assert error.code() != grpc.StatusCode.OK and "nobody" in error.details(), error


def refused(call, forever=False):
    try:
        answer = call()
        while forever:
            answer()
    except grpc.RpcError as error:
        return error
    raise AssertionError(f"no error but {answer}")


port = os.environ["DAPR_GRPC_PORT"]
with grpc.insecure_channel(f"127.0.0.1:{port}", OPTIONS) as plain:
    through = grpc.intercept_channel(plain, AddAppId())
    for part in [unary, large, streams, conversation, errors, cancellation, reflected]:
        part(through)
nobody(port)
print("proxy: all as expected")
