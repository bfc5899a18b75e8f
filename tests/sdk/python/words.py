"""The service `test.words.Words`, its messages made here and not by a code generator, and method stubs for a client."""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

FIELD = descriptor_pb2.FieldDescriptorProto
METHODS = {  # name: (the client streams, the server streams)
    "Say": (False, False),
    "Fail": (False, False),
    "Seen": (False, False),
    "Repeat": (False, True),
    "Forever": (False, True),
    "Gather": (True, False),
    "Talk": (True, True),
}


def _file():
    file = descriptor_pb2.FileDescriptorProto(name="test/words.proto", package="test.words", syntax="proto3")
    message = file.message_type.add(name="Word")
    for number, (name, kind) in enumerate(
        [("text", FIELD.TYPE_STRING), ("data", FIELD.TYPE_BYTES), ("count", FIELD.TYPE_INT32)], start=1
    ):
        message.field.add(name=name, number=number, type=kind, label=FIELD.LABEL_OPTIONAL)
    service = file.service.add(name="Words")
    for name, (client, server) in METHODS.items():
        service.method.add(
            name=name,
            input_type=".test.words.Word",
            output_type=".test.words.Word",
            client_streaming=client,
            server_streaming=server,
        )
    return file


SERVICE = "test.words.Words"
descriptor_pool.Default().AddSerializedFile(_file().SerializeToString())
Word = message_factory.GetMessageClass(descriptor_pool.Default().FindMessageTypeByName("test.words.Word"))


def stub(channel, name):
    """A method of a client."""
    client, server = METHODS[name]
    make = getattr(channel, f"{'stream' if client else 'unary'}_{'stream' if server else 'unary'}")
    return make(f"/{SERVICE}/{name}", Word.SerializeToString, Word.FromString)
