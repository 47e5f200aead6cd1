"""tweepy: users, lists, tweets, searches, rules, streams, all its ways to sign in."""

import support

import tweepy

ACCOUNT = "12"
USER_FIELDS = [
    "affiliation", "confirmed_email", "connection_status", "created_at", "description", "entities",
    "id", "is_identity_verified", "location", "most_recent_tweet_id", "name", "parody",
    "pinned_tweet_id", "profile_banner_url", "profile_image_url", "protected", "public_metrics",
    "receives_your_dm", "subscription", "subscription_type", "url", "username", "verified",
    "verified_followers_count", "verified_type", "withheld",
]
TWEET_FIELDS = [
    "article", "attachments", "author_id", "card_uri", "community_id", "context_annotations",
    "conversation_id", "created_at", "display_text_range", "edit_controls",
    "edit_history_tweet_ids", "entities", "geo", "id", "in_reply_to_user_id", "lang",
    "media_metadata", "note_tweet", "paid_partnership", "possibly_sensitive", "public_metrics",
    "referenced_tweets", "reply_settings", "scopes", "source", "suggested_source_links", "text",
    "withheld",
]
EXPANSIONS = [
    "attachments.media_keys", "attachments.media_source_tweet", "attachments.poll_ids",
    "author_id", "edit_history_tweet_ids", "entities.mentions.username", "geo.place_id",
    "in_reply_to_user_id", "referenced_tweets.id", "referenced_tweets.id.author_id",
]
ALL = {
    "expansions": EXPANSIONS,
    "tweet_fields": TWEET_FIELDS,
    "user_fields": USER_FIELDS,
    "media_fields": ["alt_text", "duration_ms", "height", "media_key", "preview_image_url",
                     "public_metrics", "type", "url", "variants", "width"],
    "place_fields": ["contained_within", "country", "country_code", "full_name", "geo", "id",
                     "name", "place_type"],
    "poll_fields": ["duration_minutes", "end_datetime", "id", "options", "voting_status"],
}
USERS = {"expansions": ["pinned_tweet_id"], "tweet_fields": TWEET_FIELDS,
         "user_fields": USER_FIELDS}

app = tweepy.Client(bearer_token=support.BEARER)
user = tweepy.Client(consumer_key=support.KEY, consumer_secret=support.KEY_SECRET,
                     access_token=support.TOKEN, access_token_secret=support.TOKEN_SECRET)


def followers():
    pages = tweepy.Paginator(app.get_users_followers, ACCOUNT, max_results=100, **USERS)
    ids = {follower.id for follower in pages.flatten()}
    truth = support.sim("GET", f"/sim/relations?account={ACCOUNT}&list=followers")
    return len(ids) >= 290 and abs(len(ids) - len(truth["ids"])) <= 2


def back_to_the_first_page():
    first = app.get_users_followers(ACCOUNT, max_results=50)
    second = app.get_users_followers(ACCOUNT, max_results=50,
                                     pagination_token=first.meta["next_token"])
    back = app.get_users_followers(ACCOUNT, max_results=50,
                                   pagination_token=second.meta["previous_token"])
    return [one.id for one in back.data] == [one.id for one in first.data]


def someone():
    return app.get_users_followers(ACCOUNT, max_results=5).data[0]


def own_tweet():
    return user.get_users_tweets(ACCOUNT, user_auth=True, max_results=5).data[0]


def timeline():
    pages = tweepy.Paginator(user.get_users_tweets, ACCOUNT, user_auth=True, max_results=100,
                             exclude=["retweets"], **ALL)
    return all(tweet.author_id == int(ACCOUNT) for tweet in pages.flatten(limit=250))


def private_metrics():
    fields = ["non_public_metrics", "organic_metrics", "created_at"]
    found = user.get_tweets([own_tweet().id], user_auth=True, tweet_fields=fields)
    return "impression_count" in found.data[0].non_public_metrics


def world_tweets():
    return app.search_recent_tweets("the", max_results=20, **ALL).data


def counts():
    count = app.get_recent_tweets_count("the", granularity="day")
    return sum(span["tweet_count"] for span in count.data) == count.meta["total_tweet_count"]


def write_and_delete():
    made = user.create_tweet(text="a tweet of a test").data["id"]
    there = user.get_tweet(made, user_auth=True).data.text == "a tweet of a test"
    gone = user.delete_tweet(made).data["deleted"]
    try:
        user.get_tweet(made, user_auth=True)
    except tweepy.NotFound:
        return there and gone
    return False


class Reader(tweepy.StreamingClient):
    """Reads a few tweets and leaves."""

    def __init__(self):
        super().__init__(support.BEARER, max_retries=1)
        self.read = []

    def on_response(self, response):
        self.read.append(response)
        if len(self.read) == 5:
            self.disconnect()

    def on_request_error(self, status_code):
        self.disconnect()


def rules():
    stream = Reader()
    stream.add_rules(tweepy.StreamRule("the", tag="english"))
    listed = stream.get_rules().data
    return [rule.tag for rule in listed] == ["english"]


def filtered():
    stream = Reader()
    stream.filter(**ALL)
    return len(stream.read) == 5 and stream.read[0].matching_rules[0].tag == "english"


def no_rules_left():
    stream = Reader()
    stream.delete_rules([rule.id for rule in stream.get_rules().data])
    return stream.get_rules().data is None


def sampled():
    stream = Reader()
    stream.sample(**ALL)
    return len(stream.read) == 5


def unknown(get):
    try:
        get()
    except tweepy.NotFound as refusal:
        return refusal.api_errors
    return False


def bad_parameter():
    try:
        app.get_user(id=ACCOUNT, user_fields=["shoe_size"])
    except tweepy.BadRequest as refusal:
        return "shoe_size" in str(refusal)
    return False


def app_only():
    handler = tweepy.OAuth2AppHandler(support.KEY, support.KEY_SECRET)
    return tweepy.Client(handler._bearer_token).get_user(id=ACCOUNT).data.id == int(ACCOUNT)


def three_legs():
    handler = tweepy.OAuth1UserHandler(support.KEY, support.KEY_SECRET, callback="oob")
    handler.get_authorization_url()
    token = handler.request_token["oauth_token"]
    pin = support.oauth1_pin(token)
    key, secret = handler.get_access_token(pin)
    signed = tweepy.Client(consumer_key=support.KEY, consumer_secret=support.KEY_SECRET,
                           access_token=key, access_token_secret=secret)
    return signed.get_me().data.id == int(ACCOUNT)


def pkce():
    handler = tweepy.OAuth2UserHandler(client_id=support.CLIENT_ID,
                                       client_secret=support.CLIENT_SECRET,
                                       redirect_uri=support.CALLBACK, scope=support.SCOPES)
    back = support.allow(handler.get_authorization_url())
    token = handler.fetch_token(back.replace("http://", "https://"))
    me = tweepy.Client(token["access_token"]).get_me(user_auth=False).data.id
    return me == int(ACCOUNT) and token["refresh_token"]


support.run({
    "me, signed by OAuth 1.0a": lambda: user.get_me(**USERS).data.id == int(ACCOUNT),
    "a user by id": lambda: app.get_user(id=ACCOUNT, **USERS).data.username,
    "a user by name": lambda: app.get_user(username=someone().username, **USERS).data.name,
    "users by ids": lambda: len(app.get_users(ids=[ACCOUNT, "13"], **USERS).data) == 2,
    "users by names": lambda: app.get_users(usernames=[someone().username], **USERS).data,
    "all followers, page by page": followers,
    "back to the page before": back_to_the_first_page,
    "following": lambda: user.get_users_following(ACCOUNT, user_auth=True, **USERS).data,
    "blocked": lambda: user.get_blocked(max_results=100, **USERS).meta["result_count"] >= 0,
    "muted": lambda: user.get_muted(max_results=100, **USERS).meta["result_count"] > 0,
    "a timeline": timeline,
    "mentions": lambda: app.get_users_mentions(ACCOUNT, max_results=20, **ALL).data,
    "private metrics": private_metrics,
    "a tweet": lambda: app.get_tweet(own_tweet().id, **ALL).data.text,
    "tweets": lambda: app.get_tweets([one.id for one in world_tweets()], **ALL).data,
    "a search": world_tweets,
    "pages of a search": lambda: len(list(tweepy.Paginator(
        app.search_recent_tweets, "the", max_results=20).flatten(limit=60))) == 60,
    "counts": counts,
    "liked tweets": lambda: user.get_liked_tweets(ACCOUNT, user_auth=True, **ALL).data,
    "who likes a tweet": lambda: user.get_liking_users(own_tweet().id, user_auth=True,
                                                       **USERS).data,
    "who retweeted a tweet": lambda: app.get_retweeters(own_tweet().id,
                                                        **USERS).meta["result_count"] >= 0,
    "quotes of a tweet": lambda: app.get_quote_tweets(own_tweet().id,
                                                      **ALL).meta["result_count"] >= 0,
    "a tweet is written and deleted": write_and_delete,
    "rules": rules,
    "the filtered stream": filtered,
    "rules are deleted": no_rules_left,
    "the sampled stream": sampled,
    "a user that there is not": lambda: unknown(lambda: app.get_user(id="9")),
    "a tweet that there is not": lambda: unknown(lambda: app.get_tweet("9")),
    "a parameter that there is not": bad_parameter,
    "a bearer of the app's key and secret": app_only,
    "a user's token in three steps": three_legs,
    "consent with PKCE": pkce,
})
