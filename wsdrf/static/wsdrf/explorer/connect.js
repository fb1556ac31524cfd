// The card from which one connects: parameters of the path, who one is, and how the last connection ended.

import { addressOf, choicesFor } from "./address.js";
import { button, fill, freshId, h } from "./dom.js";
import { showErrors } from "./fields.js";

/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./catalogue.js").Parameter} Parameter */
/** @typedef {import("./address.js").Choice} Choice */
/** @typedef {import("./address.js").Way} Way */

const STATES = { closed: "Not connected", connecting: "Connecting…", open: "Open" };

/** The card of a session. `element` stands on the page while its consumer is shown. */
export class ConnectCard {
  /**
   * @param {Session} session
   * @param {{name: string, login: string}} user who is logged in on the site, empty for nobody; and where one logs in
   */
  constructor(session, user) {
    this.session = session;
    this.user = user;
    this.choices = choicesFor(session.consumer, user.name);
    this.status = h("p", { class: "status", role: "status" });
    this.address = h("code", { class: "address" });
    this.connector = h("button", { type: "submit", class: "primary" }, "Connect");
    this.disconnector = button("Disconnect", () => session.close());
    this.token = h("input", { type: "password", id: freshId(), autocomplete: "off", spellcheck: "false" });
    this.tokenError = h("p", { class: "field-error", id: freshId(), hidden: true });
    this.tokenField = this.#tokenField();
    this.note = h("p", { class: "hint" });
    this.inputs = session.consumer.parameters.map((one) => this.#parameter(one));
    this.form = this.#form();
    this.renewal = this.#renewal();
    this.element = h(
      "section",
      { class: "card connect", "aria-labelledby": "connect-title" },
      h("div", { class: "card-head" }, h("h3", { id: "connect-title" }, "Connection"), this.disconnector),
      this.status,
      this.form,
      this.renewal,
    );
    session.changed.listen(() => this.#paint());
    this.#choose((this.choices.find((one) => one.isPossible) ?? this.choices[0])?.way ?? "anonymous");
    this.#paint();
  }

  /** Lead somebody here who wants to send and is not connected. */
  invite() {
    fill(this.status, "Not connected. Connect first, then send.");
    const missing = this.inputs.find(({ input }) => !input.value);
    (missing?.input ?? this.connector).focus();
  }

  #form() {
    const names = this.inputs.map(({ element }) => element);
    const form = h(
      "form",
      { novalidate: true, class: "connect-form" },
      names.length ? h("fieldset", { class: "plain" }, h("legend", {}, "Path"), h("div", { class: "row" }, names)) : null,
      h("fieldset", { class: "plain" }, h("legend", {}, "Connect"), h("div", { class: "choices" }, this.choices.map((one) => this.#choice(one)))),
      this.note,
      this.tokenField,
      h("div", { class: "row end" }, this.connector, this.address),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#connect();
    });
    return form;
  }

  /** @param {Parameter} parameter */
  #parameter(parameter) {
    const id = freshId();
    const input = h("input", { type: "text", id, autocomplete: "off", required: true, "aria-describedby": `${id}-hint ${id}-error` });
    if (parameter.pattern) input.pattern = parameter.pattern;
    if (parameter.type === "integer") input.inputMode = "numeric";
    const error = h("p", { class: "field-error", id: `${id}-error`, hidden: true });
    input.addEventListener("input", () => {
      this.session.parameters[parameter.name] = input.value;
      input.removeAttribute("aria-invalid");
      showErrors(error, []);
      this.#paint();
    });
    const hint = h("p", { class: "hint", id: `${id}-hint` }, parameter.description || parameter.type);
    return { input, error, parameter, element: h("div", { class: "field" }, h("label", { for: id }, parameter.name), input, hint, error) };
  }

  /** @param {Choice} choice */
  #choice(choice) {
    const radio = h("input", { type: "radio", name: `way-${this.session.consumer.id}`, value: choice.way, disabled: !choice.isPossible });
    radio.addEventListener("change", () => this.#choose(choice.way));
    const why = choice.isPossible ? null : h("span", { class: "hint" }, choice.note);
    return h("label", { class: "choice" }, radio, h("span", {}, choice.label, why));
  }

  #tokenField() {
    const shown = h("input", { type: "checkbox" });
    shown.addEventListener("change", () => void (this.token.type = shown.checked ? "text" : "password"));
    this.token.setAttribute("aria-describedby", this.tokenError.id);
    this.token.addEventListener("input", () => {
      this.session.token = this.token.value;
      this.token.removeAttribute("aria-invalid");
      showErrors(this.tokenError, []);
    });
    return h(
      "div",
      { class: "field" },
      h("label", { for: this.token.id }, "Token"),
      this.token,
      h("label", { class: "check" }, shown, " Show it"),
      h("p", { class: "hint" }, "It stays in the memory of this page, until you leave or reload it."),
      this.tokenError,
    );
  }

  #renewal() {
    if (!this.session.consumer.carriers.includes("message")) return null;
    const input = h("input", { type: "password", id: freshId(), autocomplete: "off", spellcheck: "false" });
    const form = h(
      "form",
      { class: "row renewal" },
      h("div", { class: "field" }, h("label", { for: input.id }, "Renew with a token"), input),
      h("button", { type: "submit" }, "Send authenticate"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (input.value) this.session.authenticate(input.value);
      input.value = "";
    });
    return form;
  }

  /** @param {Way} way */
  #choose(way) {
    this.session.way = way;
    const choice = this.choices.find((one) => one.way === way);
    for (const radio of this.form.querySelectorAll("input[type=radio]")) {
      if (radio instanceof HTMLInputElement) radio.checked = radio.value === way;
    }
    this.note.textContent = choice?.isPossible ? choice.note : "";
    this.tokenField.hidden = !choice?.hasToken;
  }

  #connect() {
    const wrong = this.inputs.filter(({ input }) => !input.validity.valid);
    for (const { input, error, parameter } of wrong) {
      input.setAttribute("aria-invalid", "true");
      showErrors(error, [input.value ? `It does not match ${parameter.pattern}.` : "The path needs it."]);
    }
    const hasNoToken = !this.tokenField.hidden && !this.token.value;
    if (hasNoToken) {
      this.token.setAttribute("aria-invalid", "true");
      showErrors(this.tokenError, ["Paste a token."]);
    }
    if (wrong[0]) wrong[0].input.focus();
    else if (hasNoToken) this.token.focus();
    else this.session.connect();
  }

  #paint() {
    const { state, path } = this.session;
    const focused = document.activeElement;
    this.element.dataset["state"] = state;
    this.form.hidden = state === "open";
    this.connector.textContent = state === "connecting" ? "Connecting…" : this.session.ending ? "Connect again" : "Connect";
    this.disconnector.hidden = state === "closed";
    if (this.renewal) this.renewal.hidden = state !== "open";
    this.address.textContent = addressOf(path);
    fill(this.status, ...this.#words());
    const isHidden = this.element.contains(focused) && focused?.getClientRects().length === 0;
    if (isHidden) (state === "closed" ? this.connector : this.disconnector).focus();
  }

  /** @param {import("./session.js").Ending} ending */
  #wayBack(ending) {
    const isOffered = ending.isLoginAsked && this.session.way === "session" && this.user.login;
    return isOffered && h("a", { href: this.user.login }, "Log in again");
  }

  #words() {
    const { state, verdict, ending, path } = this.session;
    const dot = h("span", { class: `dot ${verdict?.isOk && state === "open" ? "ok" : state}`, "aria-hidden": "true" });
    const said = verdict ? `${verdict.status} ${verdict.text}${verdict.isOk || !verdict.detail ? "" : `: ${verdict.detail}`}` : "";
    if (state === "open") {
      const word = verdict?.isOk ? "Connected" : STATES.open;
      return [dot, h("strong", {}, word), " to ", h("code", {}, path), said && ` — ${said}`];
    }
    if (!ending || state === "connecting") return [dot, h("strong", {}, STATES[state])];
    return [
      dot,
      h("strong", { class: ending.code === 1000 ? "" : "bad" }, `Closed with ${ending.code}: ${ending.means}.`),
      verdict && !verdict.isOk ? h("span", { class: "line" }, `The server answered ${said}`) : null,
      ending.reason ? h("span", { class: "line" }, `Reason given: ${ending.reason}`) : null,
      ending.code === 1000 ? null : h("span", { class: "line" }, ending.advice, " ", this.#wayBack(ending)),
    ];
  }
}
