// Made by `manage.py wsdrf_client typescript`, which writes it anew: do not edit.
/** What a client says and raises, and the small deeds that it is made of. */

import { RETRIES, type Retry } from "./closing.js";

/** How a connection ended, or why there was none. `isFinal`: the client does not come back by itself. */
export interface Closing {
  readonly code: number;
  readonly detail: string;
  readonly retry: Retry;
  readonly isFinal: boolean;
}

/** One thing that is wrong with a payload; `loc` is the path to it, from the frame's root. */
export interface FieldError {
  readonly loc: readonly (string | number)[];
  readonly code: string;
  readonly detail: string;
}

export interface Failure {
  readonly code?: string;
  readonly status_code?: number;
  readonly detail?: unknown;
  readonly errors?: readonly FieldError[];
  readonly retry_after?: number;
}

/** The server refused a call, or failed at it. `code` is for programs, `retryAfter` is in seconds. */
export class CallError extends Error {
  override readonly name = "CallError";
  readonly code: string;
  readonly statusCode: number;
  readonly detail: unknown;
  readonly errors: readonly FieldError[];
  readonly retryAfter: number | null;

  constructor(failure: Failure) {
    super(`${failure.status_code} ${failure.code}: ${String(failure.detail)}`);
    this.code = failure.code ?? "error";
    this.statusCode = failure.status_code ?? 500;
    this.detail = failure.detail;
    this.errors = failure.errors ?? [];
    this.retryAfter = failure.retry_after ?? null;
  }
}

/** There is no connection. Whether the server has done a call that was sent is not known. */
export class Disconnected extends Error {
  override readonly name = "Disconnected";

  constructor(readonly closing: Closing) {
    super(`${closing.code} ${closing.detail}`.trim());
  }
}

/** Too many calls wait for a connection, or too many items of a stream for their reader. */
export class QueueFull extends Error {
  override readonly name = "QueueFull";
}

/** Something took longer than it may. */
export class TimedOut extends Error {
  override readonly name = "TimedOut";
}

/** A token, or a function that gives one and is asked again when it has expired. */
export type TokenSource = string | (() => string | Promise<string>);

export type Carrier = "subprotocol" | "message" | "query";

/** What the client uses of a WebSocket, as every browser and Node from version 22 on have it. */
export interface Socket {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export type SocketClass = new (url: string, protocols?: string[]) => Socket;

/** How a client behaves; times are in milliseconds. */
export interface Options<K extends Carrier = Carrier> {
  readonly token?: TokenSource;
  readonly carrier?: K;
  /** For a call, waiting included; 30 000. */
  readonly timeout?: number;
  /** How long `connect()` tries; 30 000. */
  readonly connectTimeout?: number;
  /** For one attempt, until the server has let the client in; 15 000. */
  readonly openTimeout?: number;
  /** Of silence before a ping, and then before the connection counts as dead; 25 000. */
  readonly heartbeat?: number;
  /** The first bound of the random time before an attempt, 500, and the last, 30 000. */
  readonly backoff?: number;
  readonly maxBackoff?: number;
  /** Before a JWT expires; 30 000. */
  readonly renewBefore?: number;
  /** Calls that wait for a connection; 100. */
  readonly maxQueue?: number;
  /** Items of a stream that wait for their reader; 10 000. */
  readonly maxItems?: number;
  /** The class to connect with, where the platform has none of its own. */
  readonly WebSocket?: SocketClass;
}

/** What may be said of one call. */
export interface CallSettings {
  readonly signal?: AbortSignal;
  readonly timeout?: number;
}

/** What a generated client knows of its consumer. */
export interface Face {
  readonly path: string;
  /** The parameters that keep their slashes. */
  readonly slashed: readonly string[];
  readonly carriers: readonly Carrier[];
  readonly query: string;
  readonly greets: boolean;
}

export interface Operation {
  readonly payload: unknown;
  readonly reply: unknown;
}

export type Frame = { readonly action: string; readonly payload?: unknown; readonly id?: unknown };

export type Arguments<O extends Operation> = undefined extends O["payload"]
  ? [payload?: O["payload"], settings?: CallSettings]
  : [payload: O["payload"], settings?: CallSettings];

export interface Signals {
  open: undefined;
  close: Closing;
  resync: undefined;
  /** The server refused a frame without saying which. */
  error: CallError;
}

export const BROKEN = 1006;
export const COMPLETE = Symbol("complete");

/** Tell what a close code asks for. */
export function retryOf(code: number): Retry {
  return RETRIES[code] ?? (code >= 4400 && code < 4500 ? "never" : "with back-off");
}

/** One call: what came for it, in order, and who waits for it. */
export class Exchange {
  isSent = false;
  readonly #items: (Frame | typeof COMPLETE | Error)[] = [];
  #isFull = false;
  #wake: (() => void) | null = null;

  constructor(
    readonly id: number,
    readonly text: string,
  ) {}

  put(item: Frame | typeof COMPLETE | Error, bound: number): void {
    if (this.#isFull) return;
    this.#isFull = this.#items.length >= bound;
    this.#items.push(this.#isFull ? new QueueFull("The stream is read too slowly.") : item);
    this.#wake?.();
  }

  async next(): Promise<Frame | typeof COMPLETE> {
    while (this.#items.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const item = this.#items.shift() as Frame | typeof COMPLETE | Error;
    if (item instanceof Error) throw item;
    return item;
  }
}

export const DEFAULTS = {
  timeout: 30_000,
  connectTimeout: 30_000,
  openTimeout: 15_000,
  heartbeat: 25_000,
  backoff: 500,
  maxBackoff: 30_000,
  renewBefore: 30_000,
  maxQueue: 100,
  maxItems: 10_000,
};

export function closingOf(code: number, detail: string): Closing {
  return { code, detail, retry: retryOf(code), isFinal: false };
}

/** Give the address of the consumer on the site `url`. */
export function address(url: string, face: Face, params: object): string {
  const site = url.replace(/\/+$/, "").replace(/^http/, "ws");
  const given = new Map<string, unknown>(Object.entries(params));
  const path = face.path.replace(/\{([^{}]+)\}/g, (_, name: string) => {
    const encoded = encodeURIComponent(String(given.get(name)));
    return face.slashed.includes(name) ? encoded.replace(/%2F/g, "/") : encoded;
  });
  return site + path;
}

export function handshake(url: string, face: Face, carrier: Carrier | undefined, token: string | undefined): [string, string[]?] {
  if (token !== undefined && carrier === "query") return [`${url}?${new URLSearchParams({ [face.query]: token })}`];
  if (token === undefined || carrier !== "subprotocol") return [url];
  const encoded = btoa(String.fromCharCode(...new TextEncoder().encode(token)));
  const plain = encoded.replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
  return [url, ["wsdrf", `wsdrf.token.${plain}`]];
}

export async function ask(source: TokenSource | undefined): Promise<string | undefined> {
  return typeof source === "function" ? source() : source;
}

/** Tell when a JWT expires, in milliseconds since 1970; `null` for a token that does not say. */
export function expiryOf(token: string | undefined): number | null {
  try {
    const claims = (token ?? "").split(".")[1] ?? "";
    const { exp } = JSON.parse(atob(claims.replace(/-/g, "+").replace(/_/g, "/"))) as { exp?: unknown };
    return typeof exp === "number" ? exp * 1000 : null;
  } catch {
    return null;
  }
}

/** Wait so long, or until `stopped`; no timer is left behind. */
export async function pause(milliseconds: number, stopped: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  await Promise.race([new Promise((resolve) => (timer = setTimeout(resolve, milliseconds))), stopped]);
  clearTimeout(timer);
}

export function reason(signal: AbortSignal | undefined): Error {
  const given: unknown = signal?.reason;
  return given instanceof Error ? given : new Error(String(given));
}

export async function limited<T>(work: Promise<T>, timeout: number, signal: AbortSignal | undefined, late: () => string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let abort = (): void => undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimedOut(late())), timeout);
    abort = () => reject(reason(signal));
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    work.catch(() => undefined); // nobody waits for it any more
  }
}
