// How a call went, in a few words.

import { isUnderWay } from "./session.js";

/** @typedef {import("./session.js").Call} Call */

/**
 * Write a duration.
 * @param {number} milliseconds
 */
export function timeText(milliseconds) {
  return milliseconds < 1000 ? `${Math.max(1, Math.round(milliseconds))} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/**
 * Say how a call went, or goes.
 * @param {Call} call
 */
export function outcomeText(call) {
  const time = timeText(call.milliseconds);
  const items = `${call.items} ${call.items === 1 ? "item" : "items"}`;
  switch (call.outcome) {
    case "waiting":
      return "waiting for the answer";
    case "streaming":
      return `${items} so far`;
    case "answered":
      return `answered in ${time}`;
    case "complete":
      return call.action.stream ? `complete: ${items} in ${time}` : `complete in ${time}`;
    case "cancelled":
      return `cancelled after ${items}`;
    case "refused":
      return `refused in ${time}`;
    case "lost":
      return "the connection ended before the answer";
  }
}

/**
 * Tell whether a call can be cancelled.
 * @param {Call} call
 */
export function isCancellable(call) {
  return call.action.stream && isUnderWay(call);
}
