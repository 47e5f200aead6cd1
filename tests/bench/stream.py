"""A rival of `cargo xtask bench stream`: a loop of hydrators and events in Python.

Each post is read, handed to every hydrator, and every event whose data is there is encoded for the
queue: the body, and the envelope around it. The server at the queue's other end reads the envelope
and encodes the packet for a socket: once, as if all viewers shared it. Usage: stream.py FILE RUNS
"""

import json
import sys
import time


def user_data(tweet, clean):
    author = tweet["data"].get("author_id")
    for user in tweet.get("includes", {}).get("users", []):
        if user.get("id") == author and user.get("username") and user.get("name"):
            clean.update({"username": user["username"], "name": user["name"]})
    return clean


def body(tweet, clean):
    text = tweet["data"].get("text")
    if text:
        clean.update({"body": text})
    return clean


def lat_lon(tweet, clean):
    geo = tweet["data"].get("geo")
    if not geo:
        return clean
    point = geo.get("coordinates")
    if point:
        lon, lat = point["coordinates"]
        clean.update({"lat": lat, "lon": lon})
        return clean
    for place in tweet.get("includes", {}).get("places", []):
        if place.get("id") == geo.get("place_id") and place.get("geo"):
            lon, lat = place["geo"]["bbox"][:2]
            clean.update({"lat": lat, "lon": lon})
    return clean


def simple_tweet(data):
    return {key: data.get(key, "") for key in ("username", "name", "body")}


def geo_blip(data):
    return {"lat": data["lat"], "lon": data["lon"]} if "lat" in data else None


def packet(raw):
    """What the web server does with an event of its queue."""
    event = json.loads(raw)
    return json.dumps({"name": event["kind"], "args": [event["body"]]})


HYDRATORS = [user_data, body, lat_lon]
EVENTS = {"simple_tweet": simple_tweet, "geo_blip": geo_blip}


def run(raw):
    posts = events = size = 0
    for line in raw.split(b"\r\n"):
        if not line:
            continue
        tweet = json.loads(line)
        if not isinstance(tweet, dict):
            continue
        clean = {}
        for hydrator in HYDRATORS:
            hydrated = hydrator(tweet, clean)
            if hydrated:
                clean.update(hydrated)
        for kind, event in EVENTS.items():
            data = event(clean)
            if data is not None:
                size += len(packet(json.dumps({"kind": kind, "body": json.dumps(data)})))
                events += 1
        posts += 1
    return {"posts": posts, "events": events, "bytes": size}


def main():
    with open(sys.argv[1], "rb") as file:
        raw = file.read()
    times, last = [], {}
    for _ in range(int(sys.argv[2])):
        start = time.perf_counter()
        last = run(raw)
        times.append((time.perf_counter() - start) * 1000)
    print(json.dumps({**last, "ms": times}))


main()
