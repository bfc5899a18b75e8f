"""Writes down every event before it says that it has it: `recorder.py PORT FILE PUBSUB TOPIC`.

A line per event, `key number`. It may be killed at any time: what it has answered is in the file.
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, FILE, PUBSUB, TOPIC = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
record = os.open(FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


class Recorder(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/dapr/subscribe":
            self.answer(200, json.dumps([{"pubsubname": PUBSUB, "topic": TOPIC, "route": "/events"}]))
        else:
            self.answer(404, "")

    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["content-length"])))
        os.write(record, f"{event['data']['key']} {event['data']['number']}\n".encode())
        self.answer(200, "")

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", PORT), Recorder).serve_forever()
