// "Copy as": a call as a program. No credential of the reader's is ever in it; a placeholder stands in its place.

import { addressOf } from "./address.js";
import { parse, write } from "./json.js";

/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./catalogue.js").Action} Action */
/** @typedef {{label: string, text: string}} Snippet */

const TOKEN = "YOUR-TOKEN";
const SESSION = "YOUR-SESSION-ID";

/**
 * Write a call in every language there is.
 * @param {Session} session
 * @param {Action} action
 * @param {string | undefined} typed JSON; `undefined` for none
 * @returns {Snippet[]}
 */
export function snippetsFor(session, action, typed) {
  const payload = typed === undefined ? undefined : inOneLine(typed);
  const middle = payload === undefined ? "" : `,"payload":${payload}`;
  const frame = `{"action":${JSON.stringify(action.action)}${middle},"id":1}`;
  return [
    { label: "JavaScript", text: javascript(session, action, frame) },
    { label: "Python", text: python(session, action, frame) },
    { label: "wscat", text: wscat(session, frame) },
    { label: "wsdrf test", text: test(session, action, payload) },
  ];
}

/** @param {Session} session */
function address({ path, way, consumer }) {
  return addressOf(path) + (way === "query" ? `?${consumer.query_name ?? "token"}=${TOKEN}` : "");
}

const AUTHENTICATE = JSON.stringify({ action: "authenticate", token: TOKEN });

/**
 * @param {Session} session
 * @param {Action} action
 * @param {string} frame
 */
function javascript(session, action, frame) {
  const isSubprotocol = session.way === "subprotocol";
  const lines = [
    isSubprotocol && `const token = btoa(${JSON.stringify(TOKEN)}).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");`,
    `const socket = new WebSocket(${JSON.stringify(address(session))}${isSubprotocol ? ', ["wsdrf", `wsdrf.token.${token}`]' : ""});`,
    session.way === "message" && `socket.addEventListener("open", () => socket.send(${quoted(AUTHENTICATE)}));`,
    "let isSent = false;",
    'socket.addEventListener("message", ({ data }) => {',
    "  const frame = JSON.parse(data);",
    "  console.log(frame);",
    '  if (isSent || frame.action !== "authentication" || frame.payload.status_code !== 200) return;',
    "  isSent = true;",
    `  socket.send(${quoted(frame)});`,
    "});",
    action.stream && "// One frame for each item, then complete.",
  ];
  return written(lines);
}

/**
 * @param {Session} session
 * @param {Action} action
 * @param {string} frame
 */
function python(session, action, frame) {
  const { way } = session;
  const isSubprotocol = way === "subprotocol";
  const more = isSubprotocol
    ? ', subprotocols=["wsdrf", f"wsdrf.token.{token}"]'
    : way === "session"
      ? `, additional_headers={"Cookie": "sessionid=${SESSION}"}`
      : "";
  const lines = [
    "import asyncio",
    isSubprotocol && "import base64",
    "",
    "from websockets.asyncio.client import connect",
    "",
    "",
    "async def main():",
    isSubprotocol && `    token = base64.urlsafe_b64encode(b"${TOKEN}").decode().rstrip("=")`,
    `    async with connect(${JSON.stringify(address(session))}${more}) as socket:`,
    way === "message" && `        await socket.send(${quoted(AUTHENTICATE)})`,
    "        print(await socket.recv())  # authentication",
    `        await socket.send(${quoted(frame)})`,
    action.stream ? "        async for frame in socket:" : "        print(await socket.recv())",
    action.stream && "            print(frame)",
    "",
    "",
    "asyncio.run(main())",
  ];
  return written(lines);
}

/**
 * @param {Session} session
 * @param {string} frame
 */
function wscat(session, frame) {
  const { way } = session;
  const header = way === "session" ? ` -H ${shell(`Cookie: sessionid=${SESSION}`)}` : "";
  const encoded = "$(printf %s " + TOKEN + " | base64 -w0 | tr '+/' '-_' | tr -d '=')";
  const protocols = way === "subprotocol" ? ` -s wsdrf -s "wsdrf.token.${encoded}"` : "";
  const first = way === "message" ? ` -x ${shell(AUTHENTICATE)}` : "";
  return `wscat -c ${shell(address(session))}${header}${protocols}${first} -w 5 -x ${shell(frame)}`;
}

/**
 * @param {Session} session
 * @param {Action} action
 * @param {string | undefined} payload
 */
function test(session, action, payload) {
  const name = action.action.toLowerCase().replace(/[^a-z0-9]+/g, "_");
  const given = payload === undefined ? "" : `, json.loads(${quoted(payload)})`;
  const who = session.way !== "anonymous" && ", user=user";
  const lines = [
    ...(payload === undefined ? [] : ["import json", ""]),
    "import pytest",
    who && "from django.contrib.auth import get_user_model",
    "",
    "",
    "@pytest.mark.django_db(transaction=True)",
    `async def test_${name}(websocket):`,
    who && '    user = await get_user_model().objects.acreate_user("alice")',
    `    socket = await websocket(${JSON.stringify(session.path)}${who || ""})`,
    "",
    ...(action.stream
      ? [`    items = [item async for item in socket.stream(${JSON.stringify(action.action)}${given})]`, "", "    assert items"]
      : [`    answer = await socket.call(${JSON.stringify(action.action)}${given})`, "", "    assert not answer.is_error"]),
  ];
  return written(lines);
}

/**
 * Write lines, without those that are left out.
 * @param {(string | false)[]} lines
 */
function written(lines) {
  return lines.filter((line) => line !== false).join("\n");
}

/**
 * Write JSON in one line; what is no JSON stays as it was typed.
 * @param {string} text
 */
function inOneLine(text) {
  try {
    return write(parse(text));
  } catch {
    return text;
  }
}

/**
 * Write a text as a literal of Python, or of JavaScript: what JSON writes of it means the same there.
 * @param {string} text
 */
function quoted(text) {
  return text.includes("'") || text.includes("\\") || /[^ -~]/.test(text) ? JSON.stringify(text) : `'${text}'`;
}

/** @param {string} text */
function shell(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
