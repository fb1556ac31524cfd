// The page: who you are, which room you are in, what is said, and every frame that travels.

import { listRooms, resume, signIn, signOut, tellTyping } from "./rest.js";
import { CallError, RoomConsumerClient } from "./client/index.js";
import { explainEnd, tracing } from "./wire.js";
import { showLine, removeLine, trace } from "./lists.js";

const WAYS = {
  session: "by session cookie",
  subprotocol: "by a token in the subprotocol",
  message: "by a token in the first message",
};

const at = (id) => document.getElementById(id);
let identity = null;
let client = null;
let here = null; // the room
let members = [];
let edited = null; // the line in the composer, if it is an old one
let toldTyping = 0; // when the others last heard that we type
const lines = new Map(); // by id
const typists = new Map(); // by name: the timer that forgets
const TYPING_MS = 4000;
const NEEDS_LOGIN = 4401;
const THROWN_OUT = 4900; // the demo's own: whoever is thrown out comes back by hand
const FOREVER = 2 ** 31 - 1;

// --- You

async function enterAs(someone) {
  identity = someone;
  at("you-name").textContent = identity.username;
  at("you-way").textContent = `signed in ${WAYS[identity.way]}`;
  setState("none", "Choose a room.");
  const rooms = await listRooms(identity);
  at("rooms").replaceChildren(...rooms.map(door));
  for (const [id, hidden] of [["sign-in", true], ["you", false], ["doors", false]]) at(id).hidden = hidden;
}

function door(room) {
  const button = document.createElement("button");
  button.dataset.room = room.id;
  const standing = document.createElement("small");
  standing.textContent = room.role ?? (room.is_public ? "public" : "members only");
  button.type = "button";
  button.append(room.name, " ", standing);
  button.addEventListener("click", () => join(room, button));
  const item = document.createElement("li");
  item.append(button);
  return item;
}

at("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { username, password, way } = Object.fromEntries(new FormData(event.target));
  at("sign-in-error").textContent = "";
  try {
    await enterAs(await signIn(username, password, way));
    (doorOf(here) ?? at("rooms").querySelector("button"))?.focus();
  } catch (error) {
    at("sign-in-error").textContent = error.message;
  }
});

at("sign-out").addEventListener("click", async () => {
  leave();
  await signOut(identity);
  beNobody();
  at("room-name").textContent = "No room yet";
  setState("none", "Sign in, then choose a room.");
  at("username").focus();
});

function beNobody() {
  identity = null;
  for (const [id, hidden] of [["sign-in", false], ["you", true], ["doors", true]]) at(id).hidden = hidden;
}

function introduce() {
  const [chosen] = at("username").selectedOptions;
  at("about").textContent = `${chosen.value} ${chosen.dataset.about}`;
}
at("username").addEventListener("change", introduce);

// --- The room

function doorOf(room) {
  return room && at("rooms").querySelector(`[data-room="${room.id}"]`);
}

function join(room, button) {
  leave();
  for (const other of at("rooms").querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
  button.setAttribute("aria-current", "true");
  at("room-name").textContent = room.name;
  setState("joining", "Knocking …");
  const mine = new RoomConsumerClient(location.origin, {
    params: { pk: room.id },
    WebSocket: tracing((direction, content) => trace(at("frames"), direction, content)),
    connectTimeout: FOREVER,
    ...(identity.token && { token: identity.token, carrier: identity.way }),
  });
  for (const [event, hear] of Object.entries(HEARD)) {
    mine.on(event, (payload) => { if (client === mine) hear(payload); });
  }
  client = mine;
  here = room;
  mine.connect().catch(() => {}); // "close" has told why
}

function enter() {
  const isBack = !at("text").disabled;
  setState("joined", "You are in.");
  if (isBack) return; // "resync" comes next
  setComposer(true);
  at("text").focus();
  catchUp();
}

// At first, when the client has come back by itself, and when the server has lost messages.
async function catchUp() {
  const mine = client;
  clearLines();
  try {
    const [, found] = await Promise.all([readHistory(mine), mine.call("room.members")]);
    if (client === mine) showMembers(found);
  } catch (error) {
    if (client === mine) notice(error);
  }
}

async function readHistory(mine) {
  for await (const line of mine.stream("chat.history", {})) if (client === mine) addLine(line);
}

// What others do, and the server tells unasked.
const HEARD = {
  open: enter,
  resync: catchUp,
  close: (closing) => {
    if (closing.isFinal || closing.code === THROWN_OUT) turnOut(here, closing);
    else setState("joining", `The line broke (${closing.code}). Coming back …`);
  },
  "chat.said": (line) => { forgetTypist(line.author); addLine(line); },
  "chat.edited": ({ line_id: id, text }) => { if (lines.has(id)) addLine({ ...lines.get(id), text }); },
  "chat.deleted": ({ line_id: id }) => dropLine(id),
  "chat.typing": ({ author }) => {
    forgetTypist(author);
    typists.set(author, setTimeout(() => forgetTypist(author), TYPING_MS));
    showTypists();
  },
  "room.kicked": ({ user_id: id }) => showMembers(members.filter((one) => one.id !== id)),
  error: notice,
};

function showMembers(found) {
  members = found;
  at("members").textContent = members.map(describe).join(", ");
  const kickable = myself()?.role === "moderator" ? members.filter(({ role }) => role !== "moderator") : [];
  at("kicks").hidden = !kickable.length;
  at("kicks").replaceChildren(...kickable.map(({ id, username }) => {
    const button = element("button", `Throw out ${username}`);
    button.type = "button";
    button.addEventListener("click", () => attempt(async () => {
      await client.call("room.kick", { user_id: id });
      at("text").focus(); // the button that had it is gone, or goes at once
    }));
    return button;
  }));
}

function myself() {
  return members.find(({ username }) => username === identity.username);
}

function forgetTypist(name) {
  clearTimeout(typists.get(name));
  if (typists.delete(name)) showTypists();
}

function showTypists() {
  const names = [...typists.keys()];
  at("typing").textContent = names.length ? `${names.join(", ")} ${names.length > 1 ? "are" : "is"} typing …` : "";
}

function describe({ username, role, is_muted: isMuted }) {
  const facts = [role === "moderator" && role, isMuted && "muted"].filter(Boolean);
  return facts.length ? `${username} (${facts.join(", ")})` : username;
}

// The server has ended it: the reader is told what happened, what the code means, and what can be done.
function turnOut(room, { code, detail, retry }) {
  const wasIn = !at("text").disabled;
  const losesFocus = at("composer").contains(document.activeElement);
  const person = identity.username;
  hangUp();
  showMembers([]);
  setComposer(false);
  setState("out", `Closed with ${code}.`);
  if (code === NEEDS_LOGIN) {
    // Whoever sits here now need not be the one who read the lines. The wire stays: it is what the demo is for.
    clearLines();
    beNobody();
  }
  const words = [wasIn ? `You are no longer in ${room.name}.` : `You may not enter ${room.name}.`, detail];
  const wayBack = code === NEEDS_LOGIN
    ? ["Sign in again", () => {
      at("username").value = person;
      introduce();
      at("password").focus();
    }]
    : retry === "with back-off" && ["Knock again", () => join(room, doorOf(room))];
  const button = showNotice([...words.filter(Boolean), `${code}: ${explainEnd(code)}`], wayBack);
  if (losesFocus) button?.focus();
}

function hangUp() {
  const mine = client;
  client = null; // whatever it still says is not heard
  mine?.close();
}

function leave() {
  hangUp();
  clearLines();
  showMembers([]);
  showNotice([]);
  setComposer(false);
}

function clearLines() {
  at("lines").replaceChildren();
  lines.clear();
  [...typists.keys()].forEach(forgetTypist);
}

function setState(name, words) {
  at("state").dataset.state = name;
  at("state").textContent = words;
}

// --- Speaking

function addLine(line) {
  lines.set(line.id, line);
  showLine(at("lines"), line, {
    edit: () => compose(line),
    remove: () => attempt(async () => {
      await client.call("chat.delete", { line_id: line.id });
      dropLine(line.id);
    }),
  });
  at("log").scrollTop = at("log").scrollHeight;
}

function dropLine(id) {
  lines.delete(id);
  if (removeLine(at("lines"), id)) at("text").focus(); // the button that had it is gone
}

at("text").addEventListener("input", () => {
  const mayTell = client && !edited && myself()?.is_muted === false;
  if (!mayTell || Date.now() - toldTyping < TYPING_MS / 2) return;
  toldTyping = Date.now();
  tellTyping(identity, here).catch(() => {}); // a notice that is lost costs nothing
});

at("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = at("text").value.trim();
  const line = edited;
  attempt(async () => {
    if (line) addLine({ ...line, text: (await client.call("chat.edit", { line_id: line.id, text })).text });
    else addLine(await client.call("chat.say", { text }));
    compose(null);
  });
});

at("cancel").addEventListener("click", () => compose(null));
at("clear").addEventListener("click", () => at("frames").replaceChildren());

function compose(line) {
  edited = line;
  at("text").value = line?.text ?? "";
  at("text-label").textContent = line ? "Change what you said" : "Say something";
  at("send").textContent = line ? "Save" : "Say";
  at("cancel").hidden = !line;
  showFieldErrors([]);
  if (!at("text").disabled) at("text").focus();
}

function setComposer(isOpen) {
  at("text").disabled = at("send").disabled = !isOpen;
  compose(null);
}

async function attempt(work) {
  showNotice([]);
  showFieldErrors([]);
  try {
    await work();
  } catch (error) {
    notice(error);
  }
}

// --- Refusals in words

function notice(error) {
  const isField = ({ loc }) => loc[0] === "payload" && loc[1] === "text";
  const errors = error.errors ?? [];
  showFieldErrors(errors.filter(isField));
  if (errors.some(isField)) at("text").focus();
  if (errors.length && errors.every(isField)) return;
  const words = error instanceof CallError ? `${error.detail} (${error.statusCode} ${error.code})` : error.message;
  const others = errors.filter((one) => !isField(one));
  showNotice([words, ...others.map(({ loc, detail }) => `${loc.join(".")}: ${detail}`)]);
}

// Gives the button, if `act`, a pair of words and what to do, asks for one.
function showNotice(sentences, act = null) {
  const button = act ? element("button", act[0]) : null;
  if (button) {
    button.type = "button";
    button.addEventListener("click", act[1]);
  }
  at("notice").hidden = !sentences.length;
  at("notice").replaceChildren(...sentences.map((words) => element("p", words)), ...(button ? [button] : []));
  return button;
}

function showFieldErrors(errors) {
  at("text").toggleAttribute("aria-invalid", errors.length > 0);
  at("text-error").replaceChildren(...errors.map(({ code, detail }) => element("li", `${detail} (${code})`)));
}

function element(name, words) {
  const made = document.createElement(name);
  made.textContent = words;
  return made;
}

introduce();
const known = await resume();
if (known) await enterAs(known);
document.documentElement.dataset.ready = "true";
