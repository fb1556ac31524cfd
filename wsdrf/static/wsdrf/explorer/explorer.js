// The page: the list of what there is on the left, one consumer and one action in the middle, the log on the right.

import { ActionPanel } from "./action.js";
import { hashOf, load, placeOf, search } from "./catalogue.js";
import { ConnectCard } from "./connect.js";
import { fill, freshId, h, prose } from "./dom.js";
import { write } from "./json.js";
import { Log } from "./log.js";
import { Session } from "./session.js";
import { factList, frameItem } from "./tables.js";

/** @typedef {import("./catalogue.js").Catalogue} Catalogue */
/** @typedef {import("./catalogue.js").Consumer} Consumer */
/** @typedef {import("./catalogue.js").Place} Place */
/** @typedef {{session: Session, card: ConnectCard, log: Log, about: HTMLElement, events: HTMLElement | null, panels: Map<string, ActionPanel>}} Desk */

/** What is open on each consumer stays open while another one is looked at. */
class Page {
  /** @type {Map<Consumer, Desk>} */
  #desks = new Map();
  /** The hash of what is shown. */
  #here = "";

  /**
   * @param {HTMLElement} main
   * @param {Catalogue} catalogue
   */
  constructor(main, catalogue) {
    this.catalogue = catalogue;
    this.user = { name: main.dataset["user"] ?? "", login: main.dataset["login"] ?? "" };
    this.list = h("ul", { class: "consumers" });
    this.found = h("p", { class: "hint", role: "status" });
    this.content = h("div", { class: "content", id: "content", tabindex: "-1" });
    this.side = h("aside", { class: "side", "aria-label": "Log" });
    const skip = h("a", { class: "skip", href: "#content" }, "Skip to the action");
    skip.addEventListener("click", (event) => {
      event.preventDefault(); // hashes name actions
      this.content.focus();
    });
    fill(main, skip, this.#navigation(), this.content, this.side);
    addEventListener("hashchange", () => this.#show(true));
    this.#find("");
    this.#show(false);
  }

  #navigation() {
    const box = h("input", { type: "search", id: freshId(), autocomplete: "off" });
    box.addEventListener("input", () => this.#find(box.value));
    const strangers = this.catalogue.strangers;
    return h(
      "nav",
      { class: "list", "aria-label": "Consumers and actions" },
      h("label", { for: box.id }, "Search"),
      box,
      this.found,
      this.list,
      strangers.length ? h("p", { class: "hint" }, `Not of wsdrf: ${strangers.join(", ")}.`) : null,
    );
  }

  /** @param {string} query */
  #find(query) {
    const found = search(this.catalogue, query);
    const actions = found.reduce((sum, one) => sum + one.actions.length, 0);
    this.found.textContent = query ? `${actions} ${actions === 1 ? "action" : "actions"} found.` : "";
    fill(
      this.list,
      found.map(({ consumer, actions: some }) =>
        h(
          "li",
          {},
          h("a", { href: hashOf(consumer), class: "consumer" }, consumer.name, " ", h("span", { class: "muted" }, consumer.path)),
          h("ul", {}, some.map((one) => h("li", {}, h("a", { href: hashOf(consumer, one) }, one.action)))),
        ),
      ),
    );
    this.#mark();
  }

  #mark() {
    for (const link of this.list.querySelectorAll("a")) {
      if (link.getAttribute("href") === this.#here) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  /** @param {boolean} hasMoved */
  #show(hasMoved) {
    const first = this.catalogue.consumers[0];
    const place = placeOf(this.catalogue, location.hash) ?? (first && !location.hash ? { consumer: first, action: first.actions[0] ?? null } : null);
    this.#here = place ? hashOf(place.consumer, place.action) : "";
    this.#mark();
    if (!place) {
      const word = first ? "Nothing of this name is there. Choose an action from the list." : "The project has no consumers of wsdrf, or none that you may know of.";
      fill(this.content, h("p", { class: "card" }, word));
      fill(this.side);
      return;
    }
    const desk = this.#deskOf(place.consumer);
    const panel = place.action && this.#panelOf(desk, place.action);
    fill(this.content, desk.about, desk.card.element, panel?.element ?? null, panel ? null : desk.events);
    fill(this.side, desk.log.element);
    document.title = [place.action?.action, place.consumer.name, this.catalogue.title].filter(Boolean).join(" – ");
    if (hasMoved) (panel?.element ?? desk.about).querySelector("h2, h3")?.scrollIntoView({ block: "nearest" });
    const head = hasMoved && (panel?.element ?? desk.about).querySelector("[tabindex='-1']");
    if (head instanceof HTMLElement) head.focus({ preventScroll: true });
  }

  /**
   * @param {Consumer} consumer
   * @returns {Desk}
   */
  #deskOf(consumer) {
    const known = this.#desks.get(consumer);
    if (known) return known;
    const session = new Session(this.catalogue, consumer);
    const log = new Log(session);
    const card = new ConnectCard(session, this.user);
    const desk = { session, card, log, about: about(consumer), events: events(consumer), panels: new Map() };
    this.#desks.set(consumer, desk);
    return desk;
  }

  /**
   * @param {Desk} desk
   * @param {import("./catalogue.js").Action} action
   */
  #panelOf(desk, action) {
    const panel = desk.panels.get(action.action) ?? new ActionPanel(desk.session, action, desk.card);
    desk.panels.set(action.action, panel);
    return panel;
  }
}

/** @param {Consumer} consumer */
function about(consumer) {
  const limits = Object.entries(consumer.limits).map(([name, value]) => `${name} ${value === null ? "none" : write(value).replaceAll('"', "")}`);
  return h(
    "section",
    { class: "about", "aria-label": consumer.name },
    h("h2", { tabindex: "-1" }, consumer.name, " ", h("code", { class: "muted" }, consumer.path)),
    prose(consumer.doc),
    factList({
      Module: consumer.module,
      Guards: consumer.guards,
      Throttles: consumer.throttles,
      Authentication: consumer.authentication.map((one) => one.name),
      Credentials: consumer.carriers,
    }),
    h("details", {}, h("summary", {}, "Limits"), factList({ "At most": limits, "Refused at": consumer.denial })),
  );
}

/** @param {Consumer} consumer */
function events(consumer) {
  if (!consumer.events.length) return null;
  return h(
    "section",
    { class: "card", "aria-label": "Events" },
    h("h3", {}, "Events"),
    h("p", { class: "hint" }, "Frames that come without being asked for."),
    h("ul", { class: "frames" }, consumer.events.map((one) => frameItem(one.action, one.payload, consumer.$defs, prose(one.doc), factList({ Guards: one.guards })))),
  );
}

const main = document.getElementById("explorer");
if (main) {
  load(main.dataset["catalogue"] ?? "")
    .then((catalogue) => new Page(main, catalogue))
    .catch((error) => fill(main, h("p", { class: "card bad", role: "alert" }, error instanceof Error ? error.message : String(error))))
    .finally(() => void (document.documentElement.dataset["ready"] = "true"));
}
