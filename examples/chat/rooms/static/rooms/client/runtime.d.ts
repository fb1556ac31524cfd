/** What every generated client runs on, in browsers and in Node. It has no dependencies. */
import { type Arguments, type Face, type Operation, type Options, type Signals } from "./parts.js";
/**
 * A client of one consumer: `C` are its calls, `S` its streams, `E` its events, by action.
 *
 * While the connection is lost it is made anew as the close code allows; calls wait for that, within their timeout.
 */
export declare class Client<C, S, E> {
    #private;
    constructor(url: string, face: Face, params: object, options: Options);
    /** Whether the server has let the client in, and the connection stands. */
    get isOpen(): boolean;
    /** Connect; resolves once the server has let the client in, rejects with `Disconnected` or `TimedOut`. */
    connect(settings?: {
        readonly signal?: AbortSignal;
    }): Promise<void>;
    /** End the connection for good. What is under way rejects with `Disconnected`. */
    close(): void;
    /** Call an action; resolves with its reply, `null` where the server gives none, rejects with `CallError`. */
    call<A extends keyof C & string>(action: A, ...[payload, settings]: C[A] extends Operation ? Arguments<C[A]> : never): Promise<C[A] extends Operation ? C[A]["reply"] : never>;
    /** Iterate over what a stream gives. Leaving the loop, or aborting, cancels it. */
    stream<A extends keyof S & string>(action: A, ...[payload, settings]: S[A] extends Operation ? Arguments<S[A]> : never): AsyncGenerator<S[A] extends Operation ? S[A]["reply"] : never, void, undefined>;
    /** Call `listener` with each event; gives a function that ends it. */
    on<A extends keyof (E & Signals) & string>(event: A, listener: (value: (E & Signals)[A]) => void): () => void;
    /** Show the server a new token, on the same connection: `token`, or what the function gives. */
    renew(token?: string): Promise<void>;
}
