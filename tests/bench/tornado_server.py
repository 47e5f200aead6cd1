"""A rival of `cargo xtask bench fanout`: Tornado, every post emitted to every subscriber as it comes.

Works as the demo it stands for: a global list of subscribers, each event read from the queue's JSON,
and one packet encoded and written per subscriber.
"""

import argparse
import asyncio
import json
import time

from tornado import web, websocket

SUBSCRIBERS = []
# A server this far behind its own posts has lost them: numbers are skipped, viewers see it.
BEHIND_S = 5.0


class Subscriber(websocket.WebSocketHandler):
    def open(self):
        SUBSCRIBERS.append(self)

    def on_close(self):
        if self in SUBSCRIBERS:
            SUBSCRIBERS.remove(self)

    def emit(self, kind, body):
        try:
            self.write_message(json.dumps({"name": kind, "args": [body]}))
        except websocket.WebSocketClosedError:
            pass


def post(seq, at_s, size):
    """A `simple_tweet` as JSON, `size` bytes long; it carries the moment it was due."""

    def text(body):
        return json.dumps({"username": "ada", "name": "Ada", "body": body}, separators=(",", ":"))

    body = f"seq={seq} at={int(at_s * 1000)} "
    return text(body + "x" * max(0, size - len(text(body))))


def broadcast(raw):
    """What the demo does with a message of its queue."""
    event = json.loads(raw)
    kind, body = event.get("kind"), event.get("body")
    if not kind or not body:
        return
    for subscriber in list(SUBSCRIBERS):
        subscriber.emit(kind, body)


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--rate", type=float, default=250)
    options.add_argument("--bytes", type=int, default=200)
    args = options.parse_args()
    web.Application([(r"/", Subscriber)]).listen(args.port, "127.0.0.1")
    start, seq = time.time(), 0
    while True:
        now = time.time()
        if now - (start + seq / args.rate) > BEHIND_S:
            seq = int((now - start) * args.rate)
        while start + seq / args.rate <= now:
            body = post(seq, start + seq / args.rate, args.bytes)
            broadcast(json.dumps({"kind": "simple_tweet", "body": body}))
            seq += 1
            # Others get their turn between two posts, as between two messages of a queue.
            await asyncio.sleep(0)
        await asyncio.sleep(0.002)


asyncio.run(main())
