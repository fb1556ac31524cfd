// What all fields have in common that hold others: a frame with a name, a hint and errors.

import { freshId, h } from "./dom.js";
import { hintOf, showErrors } from "./fields.js";

/** @typedef {import("./schema.js").Schema} Schema */
/** @typedef {import("./fields.js").Workshop} Workshop */

/** A frame with a name around other fields. */
export class Group {
  isGroup = true;

  /**
   * @param {Schema} schema
   * @param {string} label
   * @param {Workshop} workshop
   */
  constructor(schema, label, workshop) {
    const id = freshId();
    this.schema = schema;
    this.workshop = workshop;
    this.errors = h("p", { class: "field-error", id: `${id}-error`, hidden: true });
    this.body = h("div", { class: "group-body" });
    this.element = h(
      "fieldset",
      { class: "group", tabindex: "-1", "aria-describedby": `${id}-hint ${id}-error` },
      h("legend", {}, label),
      h("p", { class: "hint", id: `${id}-hint` }, hintOf(schema, workshop.defs)),
      this.errors,
      this.body,
    );
  }

  /** @param {string[]} messages */
  fail(messages) {
    showErrors(this.errors, messages);
  }

  focus() {
    this.element.focus();
  }
}
