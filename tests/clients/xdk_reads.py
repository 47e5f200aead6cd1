"""xdk, X's own SDK for Python: it checks every answer against its models.

It speaks the newer of X's two dialects, in which tweets are posts: xsim is started with it.
"""

import itertools

import support

from xdk import Client
from xdk.oauth1_auth import OAuth1

ACCOUNT = "12"
X = "https://api.x.com"
USER_FIELDS = [
    "confirmed_email", "connection_status", "created_at", "description", "entities", "id",
    "is_identity_verified", "location", "name", "parody", "profile_banner_url",
    "profile_image_url", "protected", "public_metrics", "receives_your_dm", "subscribes_to_you",
    "subscription", "subscription_type", "url", "username", "verified",
    "verified_followers_count", "verified_type", "withheld",
]
POST_FIELDS = [
    "article", "article_title", "attachments", "card_uri", "community_id", "context_annotations",
    "conversation_id", "created_at", "display_text_range", "edit_controls", "entities", "geo",
    "id", "lang", "matched_media_notes", "media_metadata", "note_post",
    "note_request_suggestions", "paid_partnership", "possibly_sensitive", "public_metrics",
    "reply_settings", "scopes", "source", "suggested_source_links",
    "suggested_source_links_with_counts", "text", "withheld",
]
EXPANSIONS = [
    "attachments.media_keys", "attachments.poll_ids", "author_id", "edit_history_post_ids",
    "entities.mentions.username", "geo.place_id", "in_reply_to_user_id", "referenced_posts",
    "username",
]
POSTS = {
    "post_fields": POST_FIELDS,
    "expansions": EXPANSIONS,
    "user_fields": USER_FIELDS,
    "media_fields": ["height", "media_key", "type", "url", "width"],
    "place_fields": ["contained_within", "country", "country_code", "full_name", "geo", "id",
                     "name", "place_type"],
    "poll_fields": ["id", "options"],
}
USERS = {
    "user_fields": USER_FIELDS,
    "expansions": ["affiliation", "most_recent_post_id", "pinned_post_id"],
    "post_fields": POST_FIELDS,
}
STREAM = {
    "tweet_fields": ["author_id", "created_at", "edit_history_tweet_ids", "entities", "geo",
                     "referenced_tweets", "source", "text"],
    "expansions": ["author_id", "geo.place_id"],
    "place_fields": ["country_code", "full_name", "geo"],
}

app = Client(bearer_token=support.BEARER)
user = Client(access_token="sim-user")


def first(pages):
    return next(iter(pages))


def followers():
    pages = app.users.get_followers(ACCOUNT, max_results=100, **USERS)
    return len([one for page in pages for one in page.data or []]) >= 290


def own_post():
    return first(user.users.get_posts(ACCOUNT, max_results=5)).data[0].id


def posts_of_the_world():
    return [one.id for one in first(app.posts.search_recent("the", max_results=20, **POSTS)).data]


def counts():
    page = first(app.posts.get_counts_recent("the", granularity="day"))
    return page.meta.total_post_count == sum(span.post_count for span in page.data)


def rule(value, tag):
    from xdk.stream.models import UpdateRulesRequest
    body = UpdateRulesRequest.model_validate({"add": [{"value": value, "tag": tag}]})
    return app.stream.update_rules(body)


def rules():
    rule("the", "english")
    listed = first(app.stream.get_rules()).data
    return len(listed) == 1


def filtered():
    read = list(itertools.islice(app.stream.posts(**STREAM), 5))
    return len(read) == 5


def sampled():
    read = list(itertools.islice(app.stream.posts_sample(**STREAM), 5))
    return len(read) == 5


def no_rules_left():
    from xdk.stream.models import UpdateRulesRequest
    ids = [one["id"] for one in support.x("GET", "/2/tweets/search/stream/rules")["data"]]
    app.stream.update_rules(UpdateRulesRequest.model_validate({"delete": {"ids": ids}}))
    return "data" not in support.x("GET", "/2/tweets/search/stream/rules")


def usage():
    told = app.usage.get(days=3, usage_fields=["cap_reset_day", "daily_project_usage",
                                               "daily_client_app_usage", "project_cap",
                                               "project_id", "project_usage"])
    return int(told.data.project_usage) > 0


def write_and_delete():
    from xdk.posts.models import CreateRequest
    made = user.posts.create(CreateRequest.model_validate({"text": "a post of a test"})).data.id
    return user.posts.delete(made).data.deleted


def pkce():
    client = Client(client_id=support.CLIENT_ID, client_secret=support.CLIENT_SECRET,
                    redirect_uri=support.CALLBACK, scope=support.SCOPES)
    url = client.oauth2_auth.get_authorization_url(state="state")
    back = support.allow(url)
    token = client.oauth2_auth.fetch_token(back)
    signed = Client(access_token=token["access_token"])
    if signed.users.get_me().data.id != ACCOUNT:
        return False
    renewed = client.oauth2_auth.refresh_token()
    return renewed["access_token"] != token["access_token"] and Client(
        access_token=renewed["access_token"]).users.get_me().data.id == ACCOUNT


def me_signed(key, secret):
    auth = OAuth1(support.KEY, support.KEY_SECRET, "oob", key, secret)
    return Client(auth=auth).users.get_me(**USERS).data.id == ACCOUNT


def three_legs():
    auth = OAuth1(support.KEY, support.KEY_SECRET, "oob")
    token = auth.get_request_token()
    granted = auth.get_access_token(support.oauth1_pin(token.oauth_token))
    return me_signed(granted.access_token, granted.access_token_secret)


def unknown():
    try:
        app.users.get_by_id("9")
    except Exception as refusal:
        return "404" in str(refusal)
    return False


support.run({
    "me": lambda: user.users.get_me(**USERS).data.id == ACCOUNT,
    "a user by id": lambda: app.users.get_by_id(ACCOUNT, **USERS).data.username,
    "a user by name": lambda: app.users.get_by_username("solvej", **USERS).data.name,
    "users by ids": lambda: len(app.users.get_by_ids([ACCOUNT, "13"], **USERS).data) == 2,
    "users by names": lambda: app.users.get_by_usernames(["solvej"], **USERS).data,
    "all followers": followers,
    "following": lambda: first(user.users.get_following(ACCOUNT, **USERS)).data,
    "blocked": lambda: first(user.users.get_blocking(ACCOUNT, **USERS)).meta.result_count >= 0,
    "muted": lambda: first(user.users.get_muting(ACCOUNT, **USERS)).meta.result_count > 0,
    "a timeline": lambda: first(user.users.get_posts(ACCOUNT, max_results=50, **POSTS)).data,
    "mentions": lambda: first(app.users.get_mentions(ACCOUNT, max_results=20, **POSTS)).data,
    "liked posts": lambda: first(user.users.get_liked_posts(ACCOUNT, max_results=20,
                                                            **POSTS)).data,
    "a post": lambda: app.posts.get_by_id(own_post(), **POSTS).data.text,
    "posts": lambda: app.posts.get_by_ids(posts_of_the_world(), **POSTS).data,
    "a search": posts_of_the_world,
    "counts": counts,
    "who likes a post": lambda: first(user.posts.get_liking_users(own_post(), **USERS)).data,
    "who reposted a post": lambda: first(
        app.posts.get_reposted_by(own_post(), **USERS)).meta.result_count >= 0,
    "quotes of a post": lambda: first(
        app.posts.get_quoted(own_post(), **POSTS)).meta.result_count >= 0,
    "a post is written and deleted": write_and_delete,
    "rules": rules,
    "the count of rules": lambda: app.stream.get_rule_counts().data.project_rules_count == "1",
    "the filtered stream": filtered,
    "rules are deleted": no_rules_left,
    "the sampled stream": sampled,
    "connections": lambda: first(app.connections.get_connection_history(
        status="all")).meta.result_count > 0,
    "usage": usage,
    "a user that there is not": unknown,
    "consent with PKCE, and a new token": pkce,
    "me, signed by OAuth 1.0a": lambda: me_signed(support.TOKEN, support.TOKEN_SECRET),
    "a user's token in three steps": three_legs,
})
