"""Serves web.py for a moment and uses it as a browser would."""

import json
import socket
import threading
import time
import urllib.error
import urllib.request

import uvicorn

import web


def play(say) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(web.app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the web app did not start"
            time.sleep(0.01)
        session(f"http://127.0.0.1:{listener.getsockname()[1]}")
    finally:
        server.should_exit = True
        thread.join()
    say("FastAPI app", "POST, GET and DELETE /orders answered; a deleted order is 404")


def session(url: str) -> None:
    assert call("GET", f"{url}/health") == (200, {"status": "healthy"})
    status, made = call("POST", f"{url}/orders", {"item": "tea"})
    assert status == 200 and made["id"], made
    one = f"{url}/orders/{made['id']}"
    assert call("GET", one) == (200, made)
    assert call("DELETE", one) == (200, {"status": "deleted"})
    assert call("GET", one)[0] == 404


def call(method: str, url: str, body=None):
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
