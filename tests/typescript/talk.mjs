// What the live tests do with a generated client: node talk.mjs MODULE SCENARIO ARGUMENTS. A line of JSON for each step;
// where a step waits for the test, the test writes a line.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [module, scenario, given] = process.argv.slice(2);
const made = await import(module);
const WebSocket = globalThis.WebSocket ?? createRequire(module)("ws"); // Node has one from version 22 on
const { url, key, token, tokens, codes } = JSON.parse(given);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (value) => console.log(JSON.stringify(value));
const hear = async () => (await lines.next()).value;
const until = async (condition) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
};
const failure = (work) => work.then((value) => ({ value }), (error) => ({ ...error, name: error.name, message: error.message }));
const options = (more) => ({ params: { key }, token, WebSocket, timeout: 20_000, backoff: 50, maxBackoff: 500, ...more });

const SCENARIOS = {
  async talk() {
    for (const carrier of ["subprotocol", "message"]) {
      const client = new made.LobbyClient(url, options({ carrier }));
      await client.connect();
      say([await client.call("note", { n: 7 }), await client.call("whoami"), await client.call("spread", { times: 0 })]);
      client.close();
    }
    const client = new made.DoorClient(url, options());
    await client.connect();
    say(await Promise.all([...Array(20).keys()].map(async (n) => (await client.call("note", { n })).n)));
    const items = [];
    for await (const item of client.stream("stream", { items: 5 })) items.push(item.n);
    say(items);
    for await (const item of client.stream("stream", { items: 100_000, pause: 0.01 })) if (item.n === 3) break;
    say(await client.call("whoami"));
    const { code, statusCode, errors, name } = await failure(client.call("note", { n: -1 }));
    say({ name, code, statusCode, errors: errors.map((one) => [one.loc, one.code]) });
    const slow = new made.DoorClient(url, options());
    await slow.connect();
    say((await failure(slow.call("wait", undefined, { timeout: 100 }))).name);
    say((await failure(slow.call("wait", undefined, { signal: AbortSignal.timeout(100) }))).name);
    slow.close();
    const other = new made.DoorClient(url, options());
    await other.connect();
    const heard = [];
    const stop = client.on("told", (told) => heard.push(told.text));
    await other.call("spread", { text: "all" });
    await until(() => heard.length === 1);
    stop();
    await other.call("spread", { text: "again" });
    await client.call("whoami");
    say(heard);
    const pending = failure(client.call("wait"));
    client.close();
    say((await pending).name);
    other.close();
  },

  async quiet() {
    const patient = { heartbeat: 3_600_000, backoff: 3_600_000, maxBackoff: 3_600_000 };
    const client = new made.DoorClient(url, options(patient));
    const nowhere = new made.DoorClient(url.replace(/\d+$/, "9"), options(patient));
    const broken = new Promise((resolve) => nowhere.on("close", resolve));
    nowhere.connect().catch(() => undefined);
    await client.connect();
    await broken;
    client.close();
    nowhere.close();
    await until(() => !process.getActiveResourcesInfo().includes("Timeout"));
    say("quiet");
  },

  async refused() {
    const closings = [];
    let asked = 0;
    const source = () => (asked++, token);
    const client = new made.DoorClient(url, options({ token: source }));
    client.on("close", (closing) => closings.push(closing));
    const { name, closing } = await failure(client.connect());
    say({ name, closing, asked, closings: closings.length, call: (await failure(client.call("whoami"))).name });
  },

  async anew() {
    const given = [];
    const closings = [];
    const source = async () => (given.push(tokens[Math.min(given.length, 1)]), given.at(-1));
    const client = new made.WaryClient(url, options({ token: source, renewBefore: 3500 }));
    client.on("close", (closing) => closings.push([closing.code, closing.isFinal]));
    await client.connect();
    say(await client.call("whoami"));
    await hear();
    for (let n = 0; n < 50 && closings.length === 0 && given.length < 2; n++) {
      await failure(client.call("whoami"));
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await new Promise((resolve) => setTimeout(resolve, 1500));
    say([await client.call("whoami"), closings, given.slice(0, 2)]);
    client.close();
  },

  async renewed() {
    let asked = 0;
    const closings = [];
    const source = async () => {
      if (asked++ === 0) return tokens[0];
      say("asked");
      await hear();
      return tokens[1];
    };
    const client = new made.WaryClient(url, options({ token: source, renewBefore: 7500 }));
    client.on("close", (closing) => closings.push(closing.code));
    await client.connect();
    await until(() => asked === 2);
    await new Promise((resolve) => setTimeout(resolve, 8000));
    say([await client.call("whoami"), closings]);
    client.close();
  },

  async killed() {
    const seen = [];
    const client = new made.DoorClient(url, options({ timeout: 60_000, maxQueue: 2 }));
    await client.connect();
    for (const event of ["open", "close", "resync"]) client.on(event, () => seen.push(event));
    const underWay = failure(client.call("wait"));
    say("ready");
    const lost = (await underWay).name;
    const waiting = [0, 1].map(async (n) => (await client.call("note", { n })).n);
    const full = (await failure(client.call("whoami"))).name;
    say([lost, full]);
    say(await Promise.all(waiting));
    say(["open", "close", "resync"].filter((event) => seen.includes(event)));
    client.close();
  },

  // From here on the server is one of few words, and the key says what it does.

  async endings() {
    const final = [];
    const clients = codes.map((code) => {
      const client = new made.DoorClient(url, options({ params: { key: String(code) }, backoff: 20, maxBackoff: 100 }));
      client.on("close", (closing) => closing.isFinal && final.push(closing.code));
      return client;
    });
    await Promise.all(clients.map((client) => client.connect()));
    await hear();
    say([...final].sort((one, other) => one - other));
    for (const client of clients) client.close();
  },

  async silence() {
    const closed = new Set();
    const clients = ["alive", "mute"].map((word) => {
      const client = new made.DoorClient(url, options({ params: { key: word }, heartbeat: 200 }));
      client.on("close", () => closed.add(word));
      return client;
    });
    await Promise.all(clients.map((client) => client.connect()));
    await hear();
    say([...closed]);
    for (const client of clients) client.close();
  },

  async cross() {
    const client = new made.DoorClient(url, options({ params: { key: "cross" } }));
    const heard = new Promise((resolve) => client.on("error", resolve));
    await client.connect();
    const { name, code, statusCode, retryAfter } = await heard;
    say([name, code, statusCode, retryAfter]);
    client.close();
  },

  async aborted() {
    const late = () => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(Object.assign(new Error("enough"), { name: "Reason" })), 100);
      return { signal: controller.signal };
    };
    const read = async (items) => {
      for await (const _ of items) throw new Error("There is no item.");
    };
    const client = new made.DoorClient(url, options({ params: { key: "mute" } }));
    await client.connect();
    const nowhere = () => new made.DoorClient(url.replace(/\d+$/, "9"), options({ params: { key: "mute" } }));
    const failures = [
      await failure(client.call("wait", undefined, late())),
      await failure(read(client.stream("stream", { items: 1 }, late()))),
      await failure(nowhere().connect(late())),
      await failure(client.call("wait", undefined, { signal: AbortSignal.abort(Object.assign(new Error(), { name: "Reason" })) })),
    ];
    say(failures.map((one) => one.name));
    await new Promise((resolve) => setTimeout(resolve, 200));
    client.close();
  },
};

await SCENARIOS[scenario]();
process.exit(0);
