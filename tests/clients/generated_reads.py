"""A client that openapi-python-client generates from Roost's own document reads every GET.

`generated.spec.ts` starts Roost, fills it, and says in ROOST_READS where it is and what is in it:
{"url", "token", "document", "paths": {parameter: [value, ...]}}. Each line of JSON that this program
writes is one step: {"name", "wrong"}.
"""

import datetime
import enum
import importlib
import inspect
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback
import typing

READS = json.loads(os.environ["ROOST_READS"])
DOCUMENT = json.loads(pathlib.Path(READS["document"]).read_text())
PACKAGE = "roost_api"
# What a GET says that is refused by design: a socket is asked for without being one.
REFUSED = {"live": 426}
# What these have no answer of 200 for: X's answer sends the browser back to the page.
SENT_ON = {"xCallback": 302}
# Values of query parameters that are no choice of words.
TEXTS = {
    "followers_min": "10",
    "inactive": "true",
    "followers_max": "100000",
    "q": "a",
    "tz": "Europe/Berlin",
    "sort": None,
    "cursor": None,
    "metrics": "public.like_count",
    "kinds": DOCUMENT["components"]["schemas"]["LiveKind"]["enum"],
    "crc_token": "challenge",
    "nonce": None,
    "what": "crawl",
    "lang": "en",
    "kind": None,
    "state": None,
    "code": None,
    "error": None,
    "error_description": None,
    "account": "12",
}


def generate(folder):
    """Runs the generator: what is wrong with what it said."""
    config = folder / "config.json"
    # Formatting the code would need a program beside Python.
    config.write_text(json.dumps({"post_hooks": []}))
    command = [sys.executable, "-m", "openapi_python_client", "generate"]
    command += ["--path", READS["document"], "--output-path", str(folder / PACKAGE)]
    command += ["--meta", "none", "--config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    if done.returncode != 0 or any(word in said for word in ("ERROR", "Cannot parse response")):
        return said
    # It knows the import's file as bytes, and says that it does not know it as gzip besides.
    known = "Unsupported content type application/gzip"
    return None if said.count("WARNING") == said.count(known) else said


def snake(name):
    """The generator's name of an operation's module."""
    words = "".join(" " + c.lower() if c.isupper() else c for c in name)
    return "_".join(words.split())


def module_of(operation):
    tag = operation.get("tags", ["default"])[0]
    return importlib.import_module(f"{PACKAGE}.api.{tag}.{snake(operation['operationId'])}")


def same(ours, theirs, at=""):
    """Where what the client's types say differs from what came, or None."""
    if isinstance(theirs, dict):
        if not isinstance(ours, dict) or set(ours) != set(theirs):
            return f"{at}: {sorted(ours)} of {sorted(theirs)}"
        return next(filter(None, (same(ours[k], theirs[k], f"{at}/{k}") for k in theirs)), None)
    if isinstance(theirs, list):
        if not isinstance(ours, list) or len(ours) != len(theirs):
            return f"{at}: another number of items"
        pairs = enumerate(zip(ours, theirs))
        return next(filter(None, (same(o, t, f"{at}/{n}") for n, (o, t) in pairs)), None)
    if ours == theirs or instant(ours) == instant(theirs) is not None:
        return None
    return f"{at}: {ours!r} is not {theirs!r}"


def instant(text):
    try:
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except (AttributeError, ValueError):
        return None


def values_of(parameter):
    """What a query parameter is tried with, besides nothing."""
    schema = parameter["schema"]
    if "enum" in schema:
        return schema["enum"]
    if schema.get("type") == "boolean":
        return [True, False]
    if schema.get("type") == "integer":
        return [max(1, schema.get("minimum", 1))]
    if schema.get("format") == "date-time":
        return [READS["instants"][parameter["name"]]]
    text = TEXTS[parameter["name"]]
    return [] if text is None else text if isinstance(text, list) else [text]


def reads_of(path, operation):
    """The calls of an operation: each value of its path, plain, then with each parameter alone."""
    parameters = operation.get("parameters", [])
    named = [p["name"] for p in parameters if p["in"] == "path"]
    asked = [p for p in parameters if p["in"] == "query"]
    needed = {p["name"]: values_of(p)[0] for p in asked if p.get("required")}
    # Events of every kind are behind it.
    needed |= {"after": READS["after"]} if operation["operationId"] == "liveEvents" else {}
    choices = [READS["paths"][f"{path} {name}"] if f"{path} {name}" in READS["paths"]
               else READS["paths"][name] for name in named]
    for chosen in itertools.product(*choices):
        base = {**dict(zip(named, chosen)), **needed}
        yield base
        for parameter in asked:
            for value in values_of(parameter):
                if fits(operation["operationId"], base, parameter["name"], value):
                    # A reason is of who left.
                    left = operation["operationId"] == "followers" and parameter["name"] == "reason"
                    yield {**base, parameter["name"]: value} | ({"filter": "left"} if left else {})


def fits(name, base, parameter, value):
    """Whether Roost takes it: some filters of the export are of one file alone."""
    if name != "export":
        return True
    table = base["file"].split(".")[0]
    known = {
        "followers_min": table == "followers",
        "followers_max": table == "followers",
        "inactive": table == "followers",
        "excel": base["file"].endswith(".csv"),
        "state": table == "events",
        "reason": table == "events",
        "mutual": table == "events",
        "filter": table == "followers" and value != "all"
        or table == "following" and value in ("all", "mutual", "not_back"),
    }
    return known.get(parameter, True)


def typed(module, arguments):
    """The arguments as the client's function takes them: enums and times as its own types."""
    taken = inspect.signature(module.sync_detailed).parameters
    made = {}
    for name, value in arguments.items():
        # Words that Python keeps for itself have an underscore behind them.
        name = name if name in taken else f"{name}_"
        wanted = taken[name].annotation
        kinds = typing.get_args(wanted) or (wanted,)
        words = next((k for k in kinds if isinstance(k, type) and issubclass(k, enum.Enum)), None)
        if isinstance(value, str) and datetime.datetime in kinds:
            value = instant(value)
        elif words is not None:
            value = words(value)
        made[name] = value
    return made


def read(client, module, operation, arguments):
    """One call: what is wrong with it, or None."""
    name = operation["operationId"]
    answer = module.sync_detailed(client=client, **typed(module, arguments))
    expected = {**REFUSED, **SENT_ON}.get(name, 200)
    if int(answer.status_code) != expected:
        return f"{arguments}: {answer.status_code}, {answer.content[:300]!r}"
    kind = answer.headers.get("content-type", "").split(";")[0]
    if name in SENT_ON:
        return None
    if kind != "application/json" and not kind.endswith("+json"):
        # A list of nobody is no line at all; every other file has at least a head.
        nobody = kind == "application/x-ndjson" and len(arguments) > 2
        whole = (nobody or len(answer.content) > 0) and answer.parsed.payload.read() == answer.content
        return None if whole else f"{arguments}: the file is not what came"
    if answer.parsed is None:
        return f"{arguments}: it was not read"
    wrong = same(answer.parsed.to_dict(), json.loads(answer.content))
    return wrong and f"{arguments}: {wrong}"


def step(name, act):
    """Runs one step: what it returns is wrong."""
    try:
        wrong = act()
    except Exception:
        wrong = traceback.format_exc()
    print(json.dumps({"name": name, "wrong": wrong}), flush=True)


def every(client, path, operation):
    module = module_of(operation)
    found = [read(client, module, operation, one) for one in reads_of(path, operation)]
    return "\n".join(filter(None, found)) or None


def main(folder):
    step("a client is generated, and nothing is left out", lambda: generate(folder))
    sys.path.insert(0, str(folder))
    client = importlib.import_module(PACKAGE).AuthenticatedClient(
        base_url=READS["url"].rstrip("/") + "/api/v1",
        token=READS["token"],
        headers={"accept": "application/json"},
        timeout=60.0,
    )
    for path, methods in DOCUMENT["paths"].items():
        if "get" in methods:
            operation = methods["get"]
            step(f"GET {path}", lambda p=path, o=operation: every(client, p, o))
    step(
        "every other operation has a function, the import among them",
        lambda: [module_of(o).sync_detailed for m in DOCUMENT["paths"].values()
                 for o in m.values()] and None,
    )


with tempfile.TemporaryDirectory() as made:
    main(pathlib.Path(made))
