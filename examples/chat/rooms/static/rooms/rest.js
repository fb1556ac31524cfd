// Over HTTP: sign in and out, and the list of rooms.

export class RestError extends Error {
  constructor(status, data) {
    const words = Object.values(data ?? {}).flat().join(" ");
    super(words || `The server answered ${status}.`);
    this.status = status;
  }
}

function cookie(name) {
  const pair = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
  return pair ? decodeURIComponent(pair.slice(name.length + 1)) : "";
}

// A request with a token leaves the cookies at home: whoever it is, the token alone says so.
async function request(method, path, { body, token } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Token ${token}`;
  else if (method !== "GET") headers["X-CSRFToken"] = cookie("csrftoken");
  const response = await fetch(path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    credentials: token ? "omit" : "same-origin",
  });
  const data = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw new RestError(response.status, data);
  return data;
}

// Who is logged in with this browser's session cookie already, or null.
export async function resume() {
  const { username } = await request("GET", "/api/session/");
  return username ? { username, way: "session", token: null } : null;
}

// An identity is {username, way: "session" | "subprotocol" | "message", token}.
export async function signIn(username, password, way) {
  const body = { username, password };
  if (way === "session") {
    await request("POST", "/api/session/", { body });
    return { username, way, token: null };
  }
  const { token } = await request("POST", "/api/token/", { body });
  return { username, way, token };
}

export async function signOut(identity) {
  if (identity.way === "session") await request("DELETE", "/api/session/");
}

// Tells the others in a room that one is writing.
export function tellTyping(identity, room) {
  return request("POST", `/api/rooms/${room.id}/typing/`, { token: identity.token });
}

export function listRooms(identity) {
  return request("GET", "/api/rooms/", { token: identity.token });
}
