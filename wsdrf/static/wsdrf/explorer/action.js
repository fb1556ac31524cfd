// One action: what is known of it, a form for its payload with the JSON beside it, and how the last call went.

import { button, fill, freshId, h, prose } from "./dom.js";
import { showErrors } from "./fields.js";
import { makeForm } from "./form.js";
import { Digits, isObject, parse, write } from "./json.js";
import { isCancellable, outcomeText } from "./outcome.js";
import { errorText } from "./session.js";
import { snippetsFor } from "./snippets.js";
import { factList, frameItem, payloadTable } from "./tables.js";

/** @typedef {import("./json.js").Json} Json */
/** @typedef {import("./json.js").JsonObject} JsonObject */
/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./session.js").Call} Call */
/** @typedef {import("./catalogue.js").Action} Action */
/** @typedef {import("./connect.js").ConnectCard} ConnectCard */
/** @typedef {{path: string[], text: string}} Mistake */

/** The panel of an action. `element` stands on the page while the action is shown. */
export class ActionPanel {
  /** @type {Call | null} */
  #last = null;

  /**
   * @param {Session} session
   * @param {Action} action
   * @param {ConnectCard} card
   */
  constructor(session, action, card) {
    this.session = session;
    this.action = action;
    this.card = card;
    this.id = freshId();
    this.result = h("div", { class: "result", role: "status" });
    this.jsonError = h("p", { class: "field-error", id: `${this.id}-error`, hidden: true });
    this.json = h("textarea", {
      id: `${this.id}-json`, class: "code", rows: 8, spellcheck: "false", "aria-describedby": `${this.id}-error`,
    });
    this.json.addEventListener("input", () => this.#typed());
    this.included = h("input", { type: "checkbox", id: `${this.id}-included` });
    this.included.addEventListener("change", () => this.#paintPayload());
    this.form = action.payload
      ? makeForm(action.payload, "payload", session.consumer.$defs, () => this.#edited())
      : null;
    this.payload = this.#payload();
    this.sender = h("button", { type: "submit", class: "primary" }, `Send ${action.action}`);
    this.canceller = button("Cancel", () => this.#last && session.cancel(this.#last));
    this.canceller.hidden = true;
    this.copied = h("p", { class: "hint", role: "status" });
    this.snippet = h("pre", { tabindex: "0", hidden: true, "aria-label": "The call as a program" });
    this.element = this.#element();
    session.called.listen((call) => call === this.#last && this.#paintResult(call));
    if (this.form) {
      this.included.checked = action.payload_required;
      this.#edited();
      this.#paintPayload();
    }
  }

  #element() {
    const { action, session } = this;
    const { $defs: defs } = session.consumer;
    const kinds = [action.stream && "stream", action.concurrent && "concurrent"].filter(Boolean).map(String);
    const sends = h("form", { novalidate: true, class: "call" }, this.payload, this.#buttons(), this.result);
    sends.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    return h(
      "section",
      { class: "card action", "aria-labelledby": this.id },
      h("div", { class: "card-head" }, h("h3", { id: this.id, tabindex: "-1" }, h("code", {}, action.action)), kinds.map((one) => h("span", { class: "chip" }, one))),
      prose(action.doc),
      factList({
        Guards: action.guards,
        Throttles: action.throttles,
        Loads: action.loads,
        Method: action.method ?? "",
        Timeout: action.timeout ? `${action.timeout} s` : "",
      }),
      action.payload ? h("h4", {}, "Payload") : null,
      action.payload ? payloadTable(action.payload, defs, `Payload of ${action.action}`) : null,
      h("h4", {}, action.stream ? "Answers, one after the other" : "Answers"),
      action.replies.length
        ? h("ul", { class: "frames" }, action.replies.map((one) => frameItem(one.action, one.payload, defs)))
        : h("p", { class: "hint" }, "None is declared."),
      h("h4", {}, "Try it"),
      sends,
      h("details", { class: "copy" }, h("summary", {}, "Copy as a program"), this.#copies(), this.copied, this.snippet),
    );
  }

  #payload() {
    if (!this.form) return h("p", { class: "hint" }, "This action takes no payload.");
    const choice = h("label", { class: "check" }, this.included, " Send a payload");
    this.fields = h(
      "div",
      { class: "payload" },
      h("div", { class: "form" }, this.form.element),
      h("div", { class: "json" }, h("label", { for: this.json.id }, "The same as JSON"), this.json, this.jsonError),
    );
    return h("div", {}, this.action.payload_required ? null : choice, this.fields);
  }

  #buttons() {
    const { action } = this;
    const example = action.payload && !action.example_missing ? button("Example", () => this.#example()) : null;
    const missing = action.example_missing ? h("span", { class: "hint" }, action.example_missing) : null;
    return h("div", { class: "row end" }, this.sender, this.canceller, example, missing);
  }

  #copies() {
    const labels = snippetsFor(this.session, this.action, undefined).map((one) => one.label);
    return h("div", { class: "tools" }, labels.map((label) => button(label, () => void this.#copy(label))));
  }

  /** @param {string} label */
  async #copy(label) {
    const snippet = snippetsFor(this.session, this.action, this.#text()).find((one) => one.label === label);
    this.snippet.hidden = false;
    this.snippet.textContent = snippet?.text ?? "";
    try {
      await navigator.clipboard.writeText(snippet?.text ?? "");
      this.copied.textContent = `Copied as ${label}.`;
    } catch {
      this.copied.textContent = `As ${label}; the browser does not let this page copy it, so select it below.`;
    }
  }

  #example() {
    this.included.checked = true;
    this.json.value = write(this.action.example, true);
    this.#typed();
    this.#paintPayload();
  }

  /** Follow the form. */
  #edited() {
    this.json.value = write(this.form?.read() ?? null, true);
    this.#tellOfJson([]);
  }

  /** Follow the JSON, as far as the form can show it. */
  #typed() {
    try {
      const isShown = this.form?.write(parse(this.json.value));
      this.#tellOfJson(isShown ? [] : ["The form cannot show all of it. It is sent as it stands here."]);
    } catch (error) {
      this.#tellOfJson([error instanceof Error ? `${error.message} It is sent as it stands here.` : ""]);
    }
  }

  /** @param {string[]} messages */
  #tellOfJson(messages) {
    showErrors(this.jsonError, messages);
  }

  #paintPayload() {
    if (this.fields) this.fields.hidden = !this.action.payload_required && !this.included.checked;
  }

  #text() {
    const isLeftOut = !this.form || (!this.action.payload_required && !this.included.checked);
    return isLeftOut ? undefined : this.json.value.trim();
  }

  #send() {
    this.#clearMistakes();
    if (this.session.state !== "open") {
      this.card.invite();
      return;
    }
    this.#last = this.session.call(this.action, this.#text());
    this.#paintResult(this.#last);
  }

  #clearMistakes() {
    for (const one of this.element.querySelectorAll("form.call [aria-invalid]")) one.removeAttribute("aria-invalid");
    for (const one of this.element.querySelectorAll("form.call .field-error")) {
      if (one instanceof HTMLElement) showErrors(one, []);
    }
  }

  /** @param {Call} call */
  #paintResult(call) {
    const payload = call.frame?.["payload"];
    const isRefused = call.outcome === "refused" && isObject(payload);
    const line = h("p", { class: isRefused || call.outcome === "lost" ? "bad" : "" }, `Call #${call.id}: ${outcomeText(call)}.`);
    if (document.activeElement === this.canceller && !isCancellable(call)) this.sender.focus();
    this.canceller.hidden = !isCancellable(call);
    if (isRefused) {
      fill(this.result, line, h("p", { class: "bad" }, h("strong", {}, errorText(payload))), this.#showMistakes(mistakesOf(payload)));
    } else {
      const shown = call.frame && payload !== undefined && payload !== null;
      fill(this.result, line, shown ? h("pre", { tabindex: "0", "aria-label": "The last answer" }, write(payload, true)) : null);
    }
  }

  /**
   * Show each mistake at its field; give a list of those that have none.
   * @param {Mistake[]} mistakes
   */
  #showMistakes(mistakes) {
    /** @type {Map<import("./fields.js").Field, string[]>} */
    const byField = new Map();
    for (const { path, text } of mistakes) {
      if (!this.form || path[0] !== "payload") continue;
      const { field, rest } = this.form.find(path.slice(1));
      byField.set(field, [...(byField.get(field) ?? []), rest.length ? `${rest.join(".")}: ${text}` : text]);
    }
    for (const [field, texts] of byField) field.fail(texts);
    const inOrder = [...byField.keys()].sort((a, b) => (a.element.compareDocumentPosition(b.element) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
    inOrder[0]?.focus();
    return mistakes.length ? h("ul", {}, mistakes.map(({ path, text }) => h("li", {}, h("code", {}, path.join(".")), ` ${text}`))) : null;
  }
}

/**
 * Read the field errors of a refusal.
 * @param {JsonObject} payload
 * @returns {Mistake[]}
 */
function mistakesOf(payload) {
  const errors = payload["errors"];
  if (!Array.isArray(errors)) return [];
  return errors.filter(isObject).map((one) => ({
    path: (Array.isArray(one["loc"]) ? one["loc"] : []).map((part) => (part instanceof Digits ? part.text : String(part))),
    text: String(one["detail"] ?? one["code"] ?? ""),
  }));
}
