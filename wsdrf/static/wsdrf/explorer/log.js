// The log of one connection: what was sent and received, when, and what belongs together.

import { button, fill, h } from "./dom.js";
import { isCancellable, outcomeText, timeText } from "./outcome.js";

/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./session.js").Entry} Entry */
/** @typedef {import("./session.js").Call} Call */
/** @typedef {{element: HTMLElement, line: HTMLElement, cancel: HTMLElement}} Sent */

const MOST = 500;
const LONGEST_BRIEF = 240;
const MARKS = { sent: "↑", received: "↓", note: "•" };
const NAMES = { sent: "Sent", received: "Received", note: "" };

/** The log of a session. `element` stands on the page while its consumer is shown. */
export class Log {
  /** @type {{entry: Entry, at: Date, milliseconds: number}[]} */
  #held = [];
  /** @type {Map<Call, Sent>} */
  #sent = new Map();
  #isPaused = false;
  #isAtEnd = true;
  #isFollowing = false;
  #top = 0;
  #dropped = 0;

  /** @param {Session} session */
  constructor(session) {
    this.session = session;
    this.list = h("ol", { class: "entries" });
    this.pane = h(
      "div",
      { class: "log-pane following", role: "log", "aria-label": `Frames of ${session.consumer.name}`, tabindex: "0" },
      this.list,
    );
    this.pane.addEventListener("scroll", () => this.#scrolled());
    this.empty = h("p", { class: "hint" }, "Each frame shows here, in both directions, as soon as you connect.");
    this.pauser = button("Pause", () => this.#pause(), { class: "quiet", "aria-pressed": "false" });
    this.pinger = button("Ping", () => session.ping(), { class: "quiet" });
    this.dropped = h("p", { class: "hint", hidden: true });
    const tools = h("div", { class: "tools" }, this.pinger, this.pauser, button("Clear", () => this.clear(), { class: "quiet" }));
    this.element = h(
      "div",
      { class: "log" },
      h("div", { class: "log-head" }, h("h2", {}, "Log"), tools),
      this.empty,
      this.dropped,
      this.pane,
    );
    session.logged.listen((entry) => this.#take(entry));
    session.called.listen((call) => this.#update(call));
    session.changed.listen(() => this.#paint());
    this.#paint();
  }

  clear() {
    this.list.replaceChildren();
    this.#sent.clear();
    this.#held = [];
    this.#dropped = 0;
    this.#paint();
  }

  #pause() {
    this.#isPaused = !this.#isPaused;
    this.pauser.setAttribute("aria-pressed", String(this.#isPaused));
    for (const { entry, at, milliseconds } of this.#held.splice(0)) this.#show(entry, at, milliseconds);
    this.#paint();
  }

  /** @param {Entry} entry */
  #take(entry) {
    const at = new Date();
    const milliseconds = entry.call?.milliseconds ?? 0;
    if (!this.#isPaused) this.#show(entry, at, milliseconds);
    else {
      this.#held.push({ entry, at, milliseconds });
      if (this.#held.length > MOST) {
        this.#held.shift();
        this.#dropped += 1;
      }
    }
    this.#paint();
  }

  #paint() {
    this.empty.hidden = this.list.childElementCount > 0;
    this.pane.hidden = !this.empty.hidden;
    this.pinger.hidden = this.session.state !== "open";
    this.pauser.textContent = this.#isPaused ? `Resume (${this.#held.length} new)` : "Pause";
    this.dropped.hidden = !this.#dropped;
    this.dropped.textContent = `The last ${MOST} entries; ${this.#dropped} older ones were dropped.`;
  }

  /**
   * @param {Entry} entry
   * @param {Date} at
   * @param {number} milliseconds
   */
  #show(entry, at, milliseconds) {
    const element = this.#element(entry, at, milliseconds);
    this.list.append(element);
    while (this.list.childElementCount > MOST) {
      const first = this.list.firstElementChild;
      for (const [call, sent] of this.#sent) if (sent.element === first) this.#sent.delete(call);
      first?.remove();
      this.#dropped += 1;
    }
    this.pane.hidden = false;
    this.#follow();
  }

  /** Whoever scrolls up stays there, though entries come in; who is at the end, or gets there, follows them. */
  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.pane;
    if (scrollHeight - scrollTop - clientHeight < 40) this.#isAtEnd = true;
    else if (scrollTop < this.#top) this.#isAtEnd = false;
    this.#top = scrollTop;
    this.pane.classList.toggle("following", this.#isAtEnd);
  }

  /** Stay at the end, once for all entries of a frame of the screen: to ask for a height is to lay out the page. */
  #follow() {
    if (!this.#isAtEnd || this.#isFollowing) return;
    this.#isFollowing = true;
    requestAnimationFrame(() => {
      this.#isFollowing = false;
      if (this.#isAtEnd) this.pane.scrollTop = this.pane.scrollHeight;
    });
  }

  /**
   * @param {Entry} entry
   * @param {Date} at
   * @param {number} milliseconds
   */
  #element(entry, at, milliseconds) {
    const { direction, name, call } = entry;
    const isAnswer = direction === "received" && call;
    const element = h("li", { class: `entry ${direction}${entry.isBad ? " bad" : ""}` });
    if (call) element.dataset["call"] = String(call.id);
    const head = h(
      "div",
      { class: "entry-head" },
      h("time", { datetime: at.toISOString() }, clock(at)),
      h("span", { class: "mark", "aria-hidden": "true" }, MARKS[direction]),
      NAMES[direction] && h("span", { class: "unseen" }, `${NAMES[direction]} `),
      h("strong", {}, name),
      call && this.#link(call, Boolean(isAnswer)),
      isAnswer ? h("span", { class: "took" }, timeText(milliseconds)) : null,
    );
    element.append(head, ...body(entry));
    if (call && direction === "sent" && name === call.action.action) element.append(this.#outcome(call, element));
    return element;
  }

  /**
   * @param {Call} call
   * @param {HTMLElement} element
   */
  #outcome(call, element) {
    const line = h("span", {}, outcomeText(call));
    const cancel = button("Cancel", () => this.session.cancel(call), { class: "quiet", "aria-label": `Cancel call ${call.id}` });
    cancel.hidden = !isCancellable(call);
    this.#sent.set(call, { element, line, cancel });
    return h("div", { class: "outcome" }, line, cancel);
  }

  /** @param {Call} call */
  #update(call) {
    const sent = this.#sent.get(call);
    if (!sent) return;
    sent.line.textContent = outcomeText(call);
    const link = sent.element.querySelector("button.call-id");
    if (document.activeElement === sent.cancel && !isCancellable(call) && link instanceof HTMLElement) link.focus();
    sent.cancel.hidden = !isCancellable(call);
  }

  /**
   * What leads from an answer to its call, and shows what else belongs to it.
   * @param {Call} call
   * @param {boolean} isAnswer
   */
  #link(call, isAnswer) {
    const label = isAnswer ? `answers call ${call.id}` : `call ${call.id}`;
    return button(`#${call.id}`, () => this.#mark(call), { class: "call-id", "aria-label": `#${call.id}, ${label}: show what belongs to it` });
  }

  /** @param {Call} call */
  #mark(call) {
    const id = String(call.id);
    const isMarked = this.list.dataset["marked"] === id;
    this.list.dataset["marked"] = isMarked ? "" : id;
    for (const one of this.list.children) {
      if (one instanceof HTMLElement) one.classList.toggle("marked", !isMarked && one.dataset["call"] === id);
    }
    if (!isMarked) this.#sent.get(call)?.element.scrollIntoView({ block: "nearest" });
  }
}

/** @param {Entry} entry */
function body(entry) {
  const cut = entry.brief.length > LONGEST_BRIEF ? `${entry.brief.slice(0, LONGEST_BRIEF)}…` : entry.brief;
  if (entry.text === undefined) return [h("p", { class: "brief" }, entry.brief)];
  const whole = h("pre", { tabindex: "0", "aria-label": "The whole frame" });
  const details = h("details", {}, h("summary", {}, h("span", { class: "brief" }, cut || "no payload")), whole);
  details.addEventListener("toggle", () => fill(whole, details.open ? entry.text : null));
  return [details];
}

/** @param {Date} at */
function clock(at) {
  const [hours, minutes, seconds] = [at.getHours(), at.getMinutes(), at.getSeconds()].map((one) => String(one).padStart(2, "0"));
  return `${hours}:${minutes}:${seconds}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}
