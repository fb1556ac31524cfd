// Two lists that grow: what was said, and the frames that carried it.

const MOST_FRAMES = 200;
const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hour12: false });
const EXACT = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false,
});

// Everybody sees both buttons at every line: whether they work is the server's decision.
export function showLine(list, line, { edit, remove }) {
  const item = list.querySelector(`[data-id="${line.id}"]`) ?? document.createElement("li");
  const time = text("time", TIME.format(new Date(line.created)));
  time.dateTime = line.created;
  const head = document.createElement("p");
  head.append(text("b", line.author), " ", time);
  const said = text("p", line.text);
  said.className = "said";
  const acts = document.createElement("div");
  acts.className = "acts";
  acts.append(act("Edit", line, edit), act("Delete", line, remove));
  item.dataset.id = line.id;
  item.replaceChildren(head, said, acts);
  // What is said while the older lines still come in stands below them.
  const next = [...list.children].find((other) => Number(other.dataset.id) > line.id);
  if (!item.isConnected) list.insertBefore(item, next ?? null);
}

// Says whether the focus went with it.
export function removeLine(list, id) {
  const item = list.querySelector(`[data-id="${id}"]`);
  const hadFocus = item?.contains(document.activeElement) ?? false;
  item?.remove();
  return hadFocus;
}

function act(name, line, run) {
  const button = text("button", name);
  button.type = "button";
  button.setAttribute("aria-label", `${name} “${line.text}” by ${line.author}`);
  button.addEventListener("click", run);
  return button;
}

// A new frame at the end of the list; the oldest ones make room.
export function trace(list, direction, content) {
  const item = document.createElement("li");
  item.className = direction;
  const head = document.createElement("p");
  const subject = content.action ?? (direction === "closed" ? String(content.code) : "");
  head.append(text("span", direction), " ", text("b", subject), " ", text("time", EXACT.format(new Date())));
  // Spaces let a long frame break between its fields.
  item.append(head, text("code", JSON.stringify(content, null, 1).replaceAll(/\n\s*/g, " ")));
  item.classList.toggle("bad", (content.payload?.status_code ?? 200) >= 400 || (content.code ?? 1000) !== 1000);
  list.append(item);
  while (list.children.length > MOST_FRAMES) list.firstElementChild.remove();
  list.parentElement.scrollTop = list.parentElement.scrollHeight;
}

function text(name, words) {
  const made = document.createElement(name);
  made.textContent = words;
  return made;
}
