"""What the programs of this folder share: where xsim is, and how a step is told.

A program drives one client of X's API against xsim and writes a line of JSON for each step;
`python.ts` makes a test of each line. The clients name X's own hosts and https: requests to those
go to xsim as a proxy that ends TLS would send them, so that what they sign is checked as it is.
"""

import json
import os
import sys
import traceback
import urllib.parse

import requests
import requests.adapters

XSIM = os.environ["ROOST_XSIM_URL"]
# The credentials of xsim's README.
BEARER = "sim-bearer"
KEY, KEY_SECRET = "sim-key", "sim-key-secret"
TOKEN, TOKEN_SECRET = "12-sim", "sim-token-secret"
CLIENT_ID, CLIENT_SECRET = "roost-client", "roost-client-secret"
CALLBACK = "http://127.0.0.1/callback"
SCOPES = ["tweet.read", "users.read", "follows.read", "offline.access"]
X = ("api.x.com", "api.twitter.com")


class Proxy(requests.adapters.HTTPAdapter):
    """Sends what is meant for X to xsim, and says what it was meant for."""

    def send(self, request, **options):
        meant = urllib.parse.urlsplit(request.url)
        request.headers["X-Forwarded-Proto"] = meant.scheme
        request.headers["X-Forwarded-Host"] = meant.netloc
        request.url = XSIM + urllib.parse.urlunsplit(("", "", meant.path, meant.query, ""))
        return super().send(request, **options)


def install():
    """Gives every session of `requests` that proxy."""
    usual = requests.Session.__init__

    def begin(session, *arguments, **options):
        usual(session, *arguments, **options)
        for host in X:
            session.mount(f"https://{host}", Proxy())

    requests.Session.__init__ = begin


install()


def step(name, act):
    """Runs one step: what it returns must be true, and what it raises is told."""
    try:
        told = act()
        wrong = None if told else f"nothing came: {told!r}"
    except Exception:
        wrong = traceback.format_exc()
    print(json.dumps({"name": name, "wrong": wrong}), flush=True)


def run(steps):
    """Runs the steps in their order; one that fails keeps none of the others from running."""
    for name, act in steps.items():
        step(name, act)


def sim(method, path, body=None):
    """xsim's control surface."""
    answer = requests.request(method, XSIM + path, json=body, timeout=60)
    answer.raise_for_status()
    return answer.json()


def allow(url):
    """Presses Allow on the consent page of an address; where the browser is sent."""
    there = urllib.parse.urlsplit(url)
    form = {"user": "12", "decision": "allow"}
    page = XSIM + urllib.parse.urlunsplit(("", "", there.path, there.query, ""))
    answer = requests.post(page, data=form, allow_redirects=False, timeout=60)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def oauth1_pin(token):
    """Allows an app that asks by OAuth 1.0a; the number that the page shows."""
    form = {"oauth_token": token, "user": "12", "decision": "allow"}
    answer = requests.post(f"{XSIM}/oauth/authorize", data=form, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.text.split("<code>")[1].split("</code>")[0]


def x(method, path, body=None):
    """X's own side, asked as the app."""
    bearer = {"Authorization": f"Bearer {BEARER}"}
    answer = requests.request(method, XSIM + path, json=body, headers=bearer, timeout=60)
    answer.raise_for_status()
    return answer.json()
