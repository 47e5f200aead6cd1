// X's own SDKs, for Python and for JavaScript, against the simulator in the dialect that they speak.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../e2e/simulator.ts";
import { allow, leadToSimulator, load, SCOPES } from "./javascript.ts";
import { steps, WORLD } from "./python.ts";

const POST_DIALECT = { ...WORLD, dialect: "post" } as const;

await steps("xdk_reads.py", POST_DIALECT);

const users = {
  userFields: ["created_at", "description", "public_metrics", "subscription", "verified_type"],
  expansions: ["pinned_post_id"],
  postFields: ["created_at", "source", "text"],
};
const posts = {
  postFields: ["created_at", "entities", "geo", "public_metrics", "source", "text"],
  expansions: ["author_id", "geo.place_id", "referenced_posts"],
  userFields: ["username", "verified"],
  placeFields: ["country_code", "full_name", "geo"],
};

test("@xdevplatform/xdk", async (t) => {
  const { Client, OAuth2, generateCodeChallenge, generateCodeVerifier } = load("@xdevplatform/xdk");
  const simulator = await Simulator.start(POST_DIALECT);
  leadToSimulator(simulator.url);
  const app = new Client({ baseUrl: simulator.url, bearerToken: "sim-bearer" });
  const user = new Client({ baseUrl: simulator.url, accessToken: "sim-user" });
  const ownPost = async () => (await user.users.getPosts("12", { maxResults: 5 })).data[0].id;
  try {
    await t.test("me", async () => {
      assert.equal((await user.users.getMe(users)).data.id, "12");
    });
    await t.test("users by id and by name", async () => {
      assert.equal((await app.users.getById("12", users)).data.username, "solvej");
      assert.equal((await app.users.getByIds(["12", "13"], users)).data.length, 2);
      assert.equal((await app.users.getByUsername("solvej", users)).data.id, "12");
      assert.equal((await app.users.getByUsernames(["solvej"], users)).data.length, 1);
    });
    await t.test("all followers", async () => {
      let [count, paginationToken] = [0, undefined as string | undefined];
      do {
        const page = await app.users.getFollowers("12", { maxResults: 100, paginationToken, ...users });
        count += page.data.length;
        paginationToken = page.meta.nextToken ?? page.meta.next_token;
      } while (paginationToken);
      assert.ok(count >= 290, `${count}`);
    });
    await t.test("following, blocked, muted", async () => {
      assert.ok((await user.users.getFollowing("12", users)).data.length > 0);
      assert.ok((await user.users.getBlocking("12", users)).meta);
      assert.ok((await user.users.getMuting("12", users)).data.length > 0);
    });
    await t.test("timelines", async () => {
      assert.ok((await user.users.getPosts("12", { maxResults: 50, ...posts })).data.length > 5);
      assert.ok((await app.users.getMentions("12", { maxResults: 20, ...posts })).data.length > 0);
      assert.ok((await user.users.getLikedPosts("12", { maxResults: 20, ...posts })).data.length > 0);
    });
    await t.test("posts, and who liked and reposted one", async () => {
      const id = await ownPost();
      assert.ok((await app.posts.getById(id, posts)).data.text);
      assert.equal((await app.posts.getByIds([id], posts)).data.length, 1);
      assert.ok((await user.posts.getLikingUsers(id, users)).data.length > 0);
      assert.ok((await app.posts.getRepostedBy(id, users)).meta);
      assert.ok((await app.posts.getQuoted(id, posts)).meta);
    });
    await t.test("a search and counts", async () => {
      const found = await app.posts.searchRecent("the", { maxResults: 20, ...posts });
      assert.equal(found.data.length, 20);
      assert.ok((await app.posts.getCountsRecent("the", { granularity: "day" })).data.length > 5);
    });
    await t.test("rules and a stream", async () => {
      await app.stream.updateRules({ add: [{ value: "the", tag: "english" }] });
      assert.equal((await app.stream.getRules()).data.length, 1);
      const stream = await app.stream.posts({ tweetFields: ["author_id", "source"] });
      let count = 0;
      for await (const _ of stream) if (++count === 5) break;
      stream.close?.();
      assert.equal(count, 5);
    });
    await t.test("usage", async () => {
      assert.ok((await app.usage.get({ days: 3 })).data);
    });
    await t.test("a post is written and deleted", async () => {
      const made = await user.posts.create({ text: "a post of a test" });
      assert.equal((await user.posts.delete(made.data.id)).data.deleted, true);
    });
    await t.test("a user that there is not", async () => {
      await assert.rejects(app.users.getById("9"), { status: 404 });
    });
    await t.test("consent with PKCE", async () => {
      const [clientId, clientSecret] = ["roost-client", "roost-client-secret"];
      const redirectUri = "http://127.0.0.1/callback";
      const consent = new OAuth2({ clientId, clientSecret, redirectUri, scope: SCOPES });
      const verifier = generateCodeVerifier();
      await consent.setPkceParameters(verifier, await generateCodeChallenge(verifier));
      const back = await allow(simulator.url, await consent.getAuthorizationUrl("state"));
      const token = await consent.exchangeCode(back.searchParams.get("code"), verifier);
      const signed = new Client({ baseUrl: simulator.url, accessToken: token.access_token });
      assert.equal((await signed.users.getMe()).data.id, "12");
    });
  } finally {
    await simulator.stop();
  }
});
