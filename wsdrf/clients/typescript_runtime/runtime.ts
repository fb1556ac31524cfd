/** What every generated client runs on, in browsers and in Node. It has no dependencies. */

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

interface Failure {
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
  readonly carriers: readonly Carrier[];
  readonly query: string;
  readonly greets: boolean;
}

interface Operation {
  readonly payload: unknown;
  readonly reply: unknown;
}

type Frame = { readonly action: string; readonly payload?: unknown; readonly id?: unknown };

export type Arguments<O extends Operation> = undefined extends O["payload"]
  ? [payload?: O["payload"], settings?: CallSettings]
  : [payload: O["payload"], settings?: CallSettings];

interface Signals {
  open: undefined;
  close: Closing;
  resync: undefined;
}

const BROKEN = 1006;
const COMPLETE = Symbol("complete");

/** Tell what a close code asks for. */
export function retryOf(code: number): Retry {
  return RETRIES[code] ?? (code >= 4400 && code < 4500 ? "never" : "with back-off");
}

/** One call: what came for it, in order, and who waits for it. */
class Exchange {
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

/**
 * A client of one consumer: `C` are its calls, `S` its streams, `E` its events, by action.
 *
 * While the connection is lost it is made anew as the close code allows; calls wait for that, within their timeout.
 */
export class Client<C, S, E> {
  readonly #url: string;
  readonly #face: Face;
  readonly #options: Required<Omit<Options, "token" | "carrier" | "WebSocket">> & Options;
  readonly #exchanges = new Map<number, Exchange>();
  readonly #listeners = new Map<string, Set<(value: never) => void>>();
  #ids = 0;
  #socket: Socket | null = null;
  #isOpen = false;
  #wasOpen = false;
  #token: string | undefined;
  #last = closingOf(1000, "Not connected yet.");
  #ended: Closing | null = this.#last;
  #stop: (() => void) | null = null;

  constructor(url: string, face: Face, params: object, options: Options) {
    const site = url.replace(/\/+$/, "").replace(/^http/, "ws");
    const given = new Map<string, unknown>(Object.entries(params));
    this.#url = site + face.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURI(String(given.get(name))));
    this.#face = face;
    this.#options = { ...DEFAULTS, ...options };
  }

  /** Whether the server has let the client in, and the connection stands. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Connect; resolves once the server has let the client in, rejects with `Disconnected` or `TimedOut`. */
  async connect(settings: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (this.#isOpen) return;
    const stops: (() => void)[] = [];
    const opening = new Promise<void>((resolve, reject) => {
      stops.push(this.on("open", () => resolve()));
      stops.push(
        this.on("close", (closing) => {
          if (closing.isFinal) reject(new Disconnected(closing));
        }),
      );
    });
    if (this.#ended !== null) {
      this.#ended = null;
      void this.#run();
    }
    try {
      await limited(opening, this.#options.connectTimeout, settings.signal, () => `No connection: ${this.#last.detail}`);
    } catch (error) {
      this.close();
      throw error;
    } finally {
      for (const stop of stops) stop();
    }
  }

  /** End the connection for good. What is under way rejects with `Disconnected`. */
  close(): void {
    if (this.#ended === null) this.#end(closingOf(1000, "Closed by this client."));
    this.#stop?.();
  }

  /** Call an action; resolves with its reply, `null` where the server gives none, rejects with `CallError`. */
  async call<A extends keyof C & string>(
    action: A,
    ...[payload, settings = {}]: C[A] extends Operation ? Arguments<C[A]> : never
  ): Promise<C[A] extends Operation ? C[A]["reply"] : never> {
    const exchange = this.#begin(action, payload === undefined ? {} : { payload });
    const answer = await this.#answer(exchange, action, settings);
    return (answer === COMPLETE ? null : (answer.payload ?? null)) as C[A] extends Operation ? C[A]["reply"] : never;
  }

  /** Iterate over what a stream gives. Leaving the loop, or aborting, cancels it. */
  async *stream<A extends keyof S & string>(
    action: A,
    ...[payload, settings = {}]: S[A] extends Operation ? Arguments<S[A]> : never
  ): AsyncGenerator<S[A] extends Operation ? S[A]["reply"] : never, void, undefined> {
    const exchange = this.#begin(action, payload === undefined ? {} : { payload });
    let isOver = false;
    const abort = (): void => exchange.put(reason(settings.signal), Infinity);
    settings.signal?.addEventListener("abort", abort);
    if (settings.signal?.aborted) abort();
    try {
      for (;;) {
        const item = await exchange.next();
        isOver = item === COMPLETE;
        if (item === COMPLETE) return;
        yield item.payload as S[A] extends Operation ? S[A]["reply"] : never;
      }
    } finally {
      settings.signal?.removeEventListener("abort", abort);
      this.#exchanges.delete(exchange.id);
      if (exchange.isSent && !isOver) this.#post(JSON.stringify({ action: "cancel", id: exchange.id }));
    }
  }

  /** Call `listener` with each event; gives a function that ends it. */
  on<A extends keyof (E & Signals) & string>(event: A, listener: (value: (E & Signals)[A]) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /** Show the server a new token, on the same connection: `token`, or what the function gives. */
  async renew(token?: string): Promise<void> {
    const shown = token ?? (await ask(this.#options.token));
    if (shown === undefined) throw new TypeError("There is no token to renew.");
    this.#token = shown;
    await this.#answer(this.#begin("authenticate", { token: shown }), "authenticate", {});
  }

  // -- calls ---------------------------------------------------------------------------------------------------------

  #begin(action: string, fields: object): Exchange {
    if (this.#ended !== null) throw new Disconnected(this.#ended);
    const waiting = [...this.#exchanges.values()].filter((one) => !one.isSent).length;
    if (!this.#isOpen && waiting >= this.#options.maxQueue) {
      throw new QueueFull(`${this.#options.maxQueue} calls wait for a connection already.`);
    }
    const id = ++this.#ids;
    const exchange = new Exchange(id, JSON.stringify({ action, ...fields, id }));
    this.#exchanges.set(id, exchange);
    if (this.#isOpen) this.#dispatch(exchange);
    return exchange;
  }

  async #answer(exchange: Exchange, action: string, settings: CallSettings): Promise<Frame | typeof COMPLETE> {
    const timeout = settings.timeout ?? this.#options.timeout;
    try {
      return await limited(exchange.next(), timeout, settings.signal, () => `No answer to ${action}.`);
    } finally {
      this.#exchanges.delete(exchange.id);
    }
  }

  #dispatch(exchange: Exchange): void {
    exchange.isSent = true;
    this.#post(exchange.text);
  }

  #post(text: string): void {
    if (this.#isOpen) this.#socket?.send(text);
  }

  #fail(closing: Closing, onlySent: boolean): void {
    for (const exchange of [...this.#exchanges.values()]) {
      if (exchange.isSent || !onlySent) {
        this.#exchanges.delete(exchange.id);
        exchange.put(new Disconnected(closing), Infinity);
      }
    }
  }

  // -- keeping a connection --------------------------------------------------------------------------------------------

  async #run(): Promise<void> {
    let isStopped = false;
    const stopped = new Promise<void>((resolve) => {
      this.#stop = () => {
        isStopped = true;
        resolve();
      };
    });
    let attempts = 0;
    let fresh: string | undefined;
    while (!isStopped) {
      const since = Date.now();
      const closing = (this.#last = await this.#attempt(fresh, stopped));
      fresh = undefined;
      if (isStopped) return;
      this.#fail(closing, true);
      if (closing.retry === "after login" && typeof this.#options.token === "function") {
        fresh = await ask(this.#options.token).catch(() => undefined);
      }
      if (isStopped) return;
      const isNew = fresh !== undefined && fresh !== this.#token;
      if (closing.retry === "never" || (closing.retry === "after login" && !isNew)) return this.#end(closing);
      this.#emit("close", closing);
      if (Date.now() - since >= this.#options.maxBackoff) attempts = 0;
      const bound = Math.min(this.#options.maxBackoff, this.#options.backoff * 2 ** Math.min(attempts++, 60));
      await Promise.race([sleep(Math.random() * bound), stopped]);
    }
  }

  async #attempt(fresh: string | undefined, stopped: Promise<void>): Promise<Closing> {
    try {
      this.#token = fresh ?? (await ask(this.#options.token));
    } catch (error) {
      return closingOf(BROKEN, `There is no token: ${String(error)}`);
    }
    const Class = this.#options.WebSocket ?? (globalThis as { WebSocket?: SocketClass }).WebSocket;
    if (Class === undefined) return closingOf(1000, "There is no WebSocket here. Give its class as an option.");
    const carrier = this.#options.carrier ?? this.#face.carriers[0];
    const [url, protocols] = handshake(this.#url, this.#face, carrier, this.#token);
    const socket = (this.#socket = new Class(url, protocols));
    let renewal: ReturnType<typeof setTimeout> | undefined;
    try {
      return await new Promise<Closing>((resolve) => {
        void stopped.then(() => resolve(closingOf(1000, "Closed by this client.")));
        this.#listen(socket, carrier === "message", resolve, () => {
          renewal = this.#renewInTime((timer) => (renewal = timer));
        });
      });
    } finally {
      clearTimeout(renewal);
      this.#isOpen = false;
      this.#socket = null;
      socket.onmessage = socket.onopen = socket.onclose = null;
      socket.close();
    }
  }

  #listen(socket: Socket, byMessage: boolean, finish: (closing: Closing) => void, entered: () => void): void {
    let detail = "";
    let hasPinged = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = (closing: Closing): void => {
      clearTimeout(timer);
      finish(closing);
    };
    const arm = (): void => {
      clearTimeout(timer);
      timer = setTimeout(silence, this.#isOpen ? this.#options.heartbeat : this.#options.openTimeout);
    };
    const silence = (): void => {
      if (hasPinged || this.#socket !== socket || !this.#isOpen) return end(closingOf(BROKEN, "The server does not answer."));
      hasPinged = true;
      socket.send('{"action":"ping"}');
      arm();
    };
    const enter = (): void => {
      if (this.#isOpen) return;
      this.#enter();
      entered();
    };
    socket.onopen = () => {
      if (byMessage && this.#token !== undefined) {
        socket.send(JSON.stringify({ action: "authenticate", token: this.#token }));
      }
      if (!this.#face.greets) enter();
    };
    socket.onmessage = (event: { readonly data: unknown }) => {
      hasPinged = false;
      const frame = JSON.parse(String(event.data)) as Frame;
      if (frame.action === "authentication") {
        const told = frame.payload as { status_code: number; data?: { detail?: unknown } };
        if (told.status_code === 200) enter();
        else detail = String(told.data?.detail ?? "");
      }
      arm();
      this.#take(frame);
    };
    socket.onclose = (event: { readonly code: number; readonly reason: string }) => {
      end(closingOf(event.code, detail || event.reason));
    };
    socket.onerror = () => undefined; // the close that follows says what there is to say
    arm();
  }

  #renewInTime(keep: (timer: ReturnType<typeof setTimeout>) => void): ReturnType<typeof setTimeout> | undefined {
    const expiry = typeof this.#options.token === "function" ? expiryOf(this.#token) : null;
    const left = expiry === null ? 0 : expiry - Date.now();
    if (left <= 0) return undefined;
    const renew = async (): Promise<void> => {
      const token = await ask(this.#options.token);
      if (token === undefined || token === this.#token) return;
      await this.renew(token);
      const timer = this.#renewInTime(keep);
      if (timer !== undefined) keep(timer);
    };
    // Where it fails, the server says when the token has expired, and the function is asked again.
    return setTimeout(() => void renew().catch(() => undefined), Math.min(Math.max(left - this.#options.renewBefore, left / 2), 2 ** 31 - 1));
  }

  #enter(): void {
    this.#isOpen = true;
    for (const exchange of this.#exchanges.values()) if (!exchange.isSent) this.#dispatch(exchange);
    this.#emit("open", undefined);
    if (this.#wasOpen) this.#emit("resync", undefined);
    this.#wasOpen = true;
  }

  #end(closing: Closing): void {
    this.#ended = { ...closing, isFinal: true };
    this.#fail(this.#ended, false);
    this.#emit("close", this.#ended);
  }

  #take(frame: Frame): void {
    const exchange = typeof frame.id === "number" ? this.#exchanges.get(frame.id) : undefined;
    if (exchange !== undefined) {
      const isEnd = frame.action === "complete" || frame.action === "authentication";
      const item = frame.action === "error" ? new CallError(frame.payload as Failure) : isEnd ? COMPLETE : frame;
      exchange.put(item, this.#options.maxItems);
    } else if (frame.action === "wsdrf.resync") {
      this.#emit("resync", undefined);
    } else if (frame.id === undefined && !["open", "close", "resync"].includes(frame.action)) {
      this.#emit(frame.action, frame.payload);
    }
  }

  #emit(event: string, value: unknown): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        (listener as (value: unknown) => void)(value);
      } catch (error) {
        setTimeout(() => {
          throw error; // a listener's fault is reported, and is not the connection's
        });
      }
    }
  }
}

const DEFAULTS = {
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

function closingOf(code: number, detail: string): Closing {
  return { code, detail, retry: retryOf(code), isFinal: false };
}

function handshake(url: string, face: Face, carrier: Carrier | undefined, token: string | undefined): [string, string[]?] {
  if (token !== undefined && carrier === "query") return [`${url}?${new URLSearchParams({ [face.query]: token })}`];
  if (token === undefined || carrier !== "subprotocol") return [url];
  const encoded = btoa(String.fromCharCode(...new TextEncoder().encode(token)));
  const plain = encoded.replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
  return [url, ["wsdrf", `wsdrf.token.${plain}`]];
}

async function ask(source: TokenSource | undefined): Promise<string | undefined> {
  return typeof source === "function" ? source() : source;
}

/** Tell when a JWT expires, in milliseconds since 1970; `null` for a token that does not say. */
function expiryOf(token: string | undefined): number | null {
  try {
    const claims = (token ?? "").split(".")[1] ?? "";
    const { exp } = JSON.parse(atob(claims.replace(/-/g, "+").replace(/_/g, "/"))) as { exp?: unknown };
    return typeof exp === "number" ? exp * 1000 : null;
  } catch {
    return null;
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function reason(signal: AbortSignal | undefined): Error {
  const given: unknown = signal?.reason;
  return given instanceof Error ? given : new Error(String(given));
}

async function limited<T>(work: Promise<T>, timeout: number, signal: AbortSignal | undefined, late: () => string): Promise<T> {
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
