/** What every generated client runs on, in browsers and in Node. It has no dependencies. */

import {
  BROKEN,
  CallError,
  COMPLETE,
  DEFAULTS,
  Disconnected,
  Exchange,
  QueueFull,
  address,
  ask,
  closingOf,
  expiryOf,
  handshake,
  limited,
  pause,
  reason,
  type Arguments,
  type CallSettings,
  type Closing,
  type Face,
  type Failure,
  type Frame,
  type Operation,
  type Options,
  type Signals,
  type Socket,
  type SocketClass,
} from "./parts.js";

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
    this.#url = address(url, face, params);
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
      await pause(Math.random() * bound, stopped);
    }
  }

  async #attempt(fresh: string | undefined, stopped: Promise<void>): Promise<Closing> {
    try {
      this.#token = fresh ?? (await ask(this.#options.token));
    } catch (error) {
      return closingOf(BROKEN, `There is no token: ${String(error)}`);
    }
    const Class = this.#options.WebSocket ?? (globalThis as { WebSocket?: SocketClass }).WebSocket;
    if (Class === undefined) return closingOf(1000, "There is no WebSocket here. Start Node 20 with --experimental-websocket, or give a class as the option WebSocket.");
    const carrier = this.#options.carrier ?? this.#face.carriers[0];
    const [url, protocols] = handshake(this.#url, this.#face, carrier, this.#token);
    const socket = (this.#socket = new Class(url, protocols));
    let renewal: ReturnType<typeof setTimeout> | undefined;
    try {
      return await new Promise<Closing>((resolve) => {
        const end = this.#listen(socket, carrier === "message", resolve, () => {
          renewal = this.#renewInTime((timer) => (renewal = timer));
        });
        void stopped.then(() => end(closingOf(1000, "Closed by this client.")));
      });
    } finally {
      clearTimeout(renewal);
      this.#isOpen = false;
      this.#socket = null;
      socket.onmessage = socket.onopen = socket.onclose = null;
      socket.close();
    }
  }

  /** Hear a socket out; gives what ends that before the socket does. */
  #listen(socket: Socket, byMessage: boolean, finish: (closing: Closing) => void, entered: () => void): (closing: Closing) => void {
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
        if (told.status_code !== 200) {
          detail = String(told.data?.detail ?? "");
          return; // the close that follows ends what it answers
        }
        enter();
      }
      arm();
      this.#take(frame);
    };
    socket.onclose = (event: { readonly code: number; readonly reason: string }) => {
      end(closingOf(event.code, detail || event.reason));
    };
    socket.onerror = () => undefined; // the close that follows says what there is to say
    arm();
    return end;
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
    } else if (frame.id === undefined && frame.action === "error") {
      this.#emit("error", new CallError(frame.payload as Failure));
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
