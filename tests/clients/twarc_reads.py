"""twarc2: its client and its commands, which ask for every field that it knows."""

import itertools
import json
import pathlib
import tempfile
import threading

import support

from click.testing import CliRunner
from twarc.client2 import Twarc2
from twarc.command2 import twarc2

ACCOUNT = "12"
app = Twarc2(bearer_token=support.BEARER, metadata=False)
user = Twarc2(consumer_key=support.KEY, consumer_secret=support.KEY_SECRET,
              access_token=support.TOKEN, access_token_secret=support.TOKEN_SECRET)


def few(pages, count=3):
    """The entries of the first pages."""
    return [entry for page in itertools.islice(pages, count) for entry in page.get("data", [])]


def tweet_id():
    return few(app.timeline(ACCOUNT), 1)[0]["id"]


def filtered():
    app.add_stream_rules([{"value": "the", "tag": "english"}])
    rules = app.get_stream_rules()["data"]
    stop = threading.Event()
    read = []
    for message in app.stream(event=stop):
        read.append(message)
        if len(read) == 5:
            stop.set()
    app.delete_stream_rule_ids([rule["id"] for rule in rules])
    return all(message["matching_rules"] for message in read) and "data" not in app.get_stream_rules()


def sampled():
    stop = threading.Event()
    for message in app.sample(event=stop):
        stop.set()
        return message["data"]["text"]


def app_only():
    client = Twarc2(consumer_key=support.KEY, consumer_secret=support.KEY_SECRET)
    return few(client.user_lookup([ACCOUNT]))


APP = ["--bearer-token", support.BEARER]
USER = ["--user-auth", "--consumer-key", support.KEY, "--consumer-secret", support.KEY_SECRET,
        "--access-token", support.TOKEN, "--access-token-secret", support.TOKEN_SECRET]


def command(*words, keys=APP):
    """Runs `twarc2 WORDS`; what it wrote, line by line."""
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder, "config")
        config.write_text("")
        files = ["--config", str(config), "--log", str(pathlib.Path(folder, "log"))]
        done = CliRunner().invoke(twarc2, [*files, *keys, *words])
        if done.exit_code != 0:
            raise AssertionError(done.output) from done.exception
        return [json.loads(line) for line in done.stdout.splitlines() if line[:1] in "[{"]


support.run({
    "users by ids": lambda: len(few(app.user_lookup([ACCOUNT, "13"]))) == 2,
    "users by names": lambda: few(app.user_lookup([few(app.followers(ACCOUNT))[0]["username"]],
                                                  usernames=True)),
    "all followers": lambda: len(few(app.followers(ACCOUNT, max_results=100), 99)) >= 290,
    "following": lambda: few(user.following(ACCOUNT)),
    "a timeline": lambda: few(app.timeline(ACCOUNT)),
    "mentions": lambda: few(app.mentions(ACCOUNT)),
    "tweets": lambda: few(app.tweet_lookup([tweet_id()])),
    "a search": lambda: few(app.search_recent("the", max_results=50)),
    "counts": lambda: few(app.counts_recent("the", granularity="day")),
    "liked tweets": lambda: few(user.liked_tweets(ACCOUNT)),
    "who likes a tweet": lambda: few(user.liking_users(tweet_id())),
    "who retweeted a tweet": lambda: isinstance(few(app.retweeted_by(tweet_id())), list),
    "quotes of a tweet": lambda: isinstance(few(app.quotes(tweet_id())), list),
    "rules and the filtered stream": filtered,
    "the sampled stream": sampled,
    "a bearer of the app's key and secret": app_only,
    "twarc2 followers": lambda: command("followers", ACCOUNT, "--limit", "100"),
    "twarc2 following": lambda: command("following", ACCOUNT),
    "twarc2 user": lambda: command("user", "id", ACCOUNT),
    "twarc2 timeline": lambda: command("timeline", ACCOUNT, "--limit", "20"),
    "twarc2 tweet": lambda: command("tweet", tweet_id()),
    "twarc2 search": lambda: command("search", "the", "--limit", "50"),
    "twarc2 counts": lambda: command("counts", "the", "--granularity", "day"),
    "twarc2 mentions": lambda: command("mentions", ACCOUNT),
    "twarc2 liked-tweets": lambda: command("liked-tweets", ACCOUNT, "--limit", "20",
                                               keys=USER),
    "twarc2 quotes": lambda: isinstance(command("quotes", tweet_id()), list),
})
