// twitter-api-v2, the JavaScript client that most programs use, against the simulator. It names X's
// hosts itself: what it signs was meant for them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../e2e/simulator.ts";
import { allow, leadToSimulator, load, SCOPES } from "./javascript.ts";
import { WORLD } from "./python.ts";

const { TwitterApi } = load("twitter-api-v2");

const KEYS = { appKey: "sim-key", appSecret: "sim-key-secret" };
const USER = { ...KEYS, accessToken: "12-sim", accessSecret: "sim-token-secret" };
const CLIENT = { clientId: "roost-client", clientSecret: "roost-client-secret" };
const CALLBACK = "http://127.0.0.1/callback";

const users = {
  "user.fields": ["created_at", "description", "entities", "location", "public_metrics", "subscription_type", "verified"],
  "tweet.fields": ["created_at", "source"],
  expansions: ["pinned_tweet_id"],
};
const tweets = {
  "tweet.fields": ["attachments", "author_id", "created_at", "entities", "geo", "public_metrics", "referenced_tweets", "source"],
  "user.fields": ["username", "verified"],
  "place.fields": ["country_code", "full_name", "geo"],
  "media.fields": ["height", "url", "width"],
  expansions: ["author_id", "geo.place_id", "referenced_tweets.id", "attachments.media_keys"],
};

test("twitter-api-v2", async (t) => {
  const simulator = await Simulator.start(WORLD);
  leadToSimulator(simulator.url);
  const app = new TwitterApi("sim-bearer").v2;
  const user = new TwitterApi(USER).v2;
  const ownTweet = async () => (await user.userTimeline("12", { max_results: 5 })).tweets[0].id;
  try {
    await t.test("me, signed by OAuth 1.0a", async () => {
      assert.equal((await user.me(users)).data.id, "12");
    });
    await t.test("users by id and by name", async () => {
      assert.equal((await app.user("12", users)).data.username, "solvej");
      assert.equal((await app.users(["12", "13"], users)).data.length, 2);
      assert.equal((await app.userByUsername("solvej", users)).data.id, "12");
      assert.equal((await app.usersByUsernames(["solvej"], users)).data.length, 1);
    });
    await t.test("all followers", async () => {
      const all = await app.followers("12", { asPaginator: true, max_results: 100, ...users });
      let count = 0;
      for await (const _ of all) count += 1;
      assert.ok(count >= 290, `${count}`);
    });
    await t.test("following, blocked, muted", async () => {
      assert.ok((await user.following("12", users)).data.length > 0);
      assert.ok((await user.userBlockingUsers("12", users)).meta);
      assert.ok((await user.userMutingUsers("12", users)).users.length > 0);
    });
    await t.test("timelines", async () => {
      assert.ok((await user.userTimeline("12", { max_results: 50, ...tweets })).tweets.length > 5);
      assert.ok((await app.userMentionTimeline("12", { max_results: 20, ...tweets })).tweets.length > 0);
      assert.ok((await user.userLikedTweets("12", { max_results: 20, ...tweets })).tweets.length > 0);
    });
    await t.test("tweets, and who liked and retweeted one", async () => {
      const id = await ownTweet();
      assert.ok((await app.singleTweet(id, tweets)).data.text);
      assert.equal((await app.tweets([id], tweets)).data.length, 1);
      assert.ok((await user.tweetLikedBy(id, users)).data.length > 0);
      assert.ok((await app.tweetRetweetedBy(id, users)).meta);
      assert.ok((await app.quotes(id, tweets)).meta);
    });
    await t.test("a search over pages", async () => {
      const found = await app.search("the", { max_results: 20, ...tweets });
      await found.fetchNext();
      assert.equal(found.tweets.length, 40);
    });
    await t.test("counts", async () => {
      const { data, meta } = await app.tweetCountRecent("the", { granularity: "day" });
      const sum = data.reduce((all: number, span: any) => all + span.tweet_count, 0);
      assert.equal(sum, meta.total_tweet_count);
    });
    await t.test("rules and the filtered stream", async () => {
      await app.updateStreamRules({ add: [{ value: "the", tag: "english" }] });
      const { data } = await app.streamRules();
      assert.deepEqual(data.map((rule: any) => rule.tag), ["english"]);
      assert.deepEqual(await read(await app.searchStream(tweets)), ["english"]);
      await app.updateStreamRules({ delete: { ids: data.map((rule: any) => rule.id) } });
      assert.equal((await app.streamRules()).data, undefined);
    });
    await t.test("the sampled stream", async () => {
      await read(await app.sampleStream(tweets));
    });
    await t.test("usage", async () => {
      const { data } = await app.usage({ days: 3, "usage.fields": ["daily_project_usage", "project_usage"] });
      assert.ok(data.project_usage > 0);
      assert.equal(data.daily_project_usage.project_id, 1);
    });
    await t.test("a tweet is written and deleted", async () => {
      const made = await user.tweet("a tweet of a test");
      assert.equal(made.data.text, "a tweet of a test");
      assert.equal((await user.deleteTweet(made.data.id)).data.deleted, true);
      await assert.rejects(user.singleTweet(made.data.id), { code: 404 });
    });
    await t.test("a limit tells when it ends", async () => {
      const { rateLimit } = await app.get("users/12", undefined, { fullResponse: true });
      assert.ok(rateLimit.limit > 0 && rateLimit.reset > 0);
    });
    await t.test("a bearer of the app's key and secret", async () => {
      const signed = await new TwitterApi(KEYS).appLogin();
      assert.equal((await signed.v2.user("12")).data.id, "12");
    });
    await t.test("a user's token in three steps", async () => {
      const link = await new TwitterApi(KEYS).generateAuthLink("oob");
      const page = await fetch(`${simulator.url}/oauth/authorize`, {
        method: "POST",
        body: new URLSearchParams({ oauth_token: link.oauth_token, user: "12", decision: "allow" }),
      });
      const verifier = /<code>(.*)<\/code>/.exec(await page.text())![1];
      const { oauth_token: accessToken, oauth_token_secret: accessSecret } = link;
      const { client } = await new TwitterApi({ ...KEYS, accessToken, accessSecret }).login(verifier);
      assert.equal((await client.v2.me()).data.id, "12");
    });
    await t.test("consent with PKCE, and a new token", async () => {
      const asking = new TwitterApi(CLIENT);
      const link = asking.generateOAuth2AuthLink(CALLBACK, { scope: SCOPES });
      const back = await allow(simulator.url, link.url);
      const code = back.searchParams.get("code");
      const { codeVerifier } = link;
      const first = await asking.loginWithOAuth2({ code, codeVerifier, redirectUri: CALLBACK });
      assert.equal((await first.client.v2.me()).data.id, "12");
      const second = await asking.refreshOAuth2Token(first.refreshToken);
      assert.notEqual(second.accessToken, first.accessToken);
      assert.equal((await second.client.v2.me()).data.id, "12");
    });
  } finally {
    await simulator.stop();
  }
});

/** The tags of the first five messages of a stream, which is then left. */
async function read(stream: any): Promise<string[]> {
  stream.autoReconnect = false;
  const tags = new Set<string>();
  let count = 0;
  for await (const message of stream) {
    assert.ok(message.data.text);
    for (const rule of message.matching_rules ?? []) tags.add(rule.tag);
    if (++count === 5) break;
  }
  stream.close();
  assert.ok(count === 5);
  return [...tags];
}
