/** What a client says and raises, and the small deeds that it is made of. */
import { type Retry } from "./closing.js";
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
export declare class CallError extends Error {
    readonly name = "CallError";
    readonly code: string;
    readonly statusCode: number;
    readonly detail: unknown;
    readonly errors: readonly FieldError[];
    readonly retryAfter: number | null;
    constructor(failure: Failure);
}
/** There is no connection. Whether the server has done a call that was sent is not known. */
export declare class Disconnected extends Error {
    readonly closing: Closing;
    readonly name = "Disconnected";
    constructor(closing: Closing);
}
/** Too many calls wait for a connection, or too many items of a stream for their reader. */
export declare class QueueFull extends Error {
    readonly name = "QueueFull";
}
/** Something took longer than it may. */
export declare class TimedOut extends Error {
    readonly name = "TimedOut";
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
export type Frame = {
    readonly action: string;
    readonly payload?: unknown;
    readonly id?: unknown;
};
export type Arguments<O extends Operation> = undefined extends O["payload"] ? [payload?: O["payload"], settings?: CallSettings] : [payload: O["payload"], settings?: CallSettings];
export interface Signals {
    open: undefined;
    close: Closing;
    resync: undefined;
    /** The server refused a frame without saying which. */
    error: CallError;
}
export declare const BROKEN = 1006;
export declare const COMPLETE: unique symbol;
/** Tell what a close code asks for. */
export declare function retryOf(code: number): Retry;
/** One call: what came for it, in order, and who waits for it. */
export declare class Exchange {
    #private;
    readonly id: number;
    readonly text: string;
    isSent: boolean;
    constructor(id: number, text: string);
    put(item: Frame | typeof COMPLETE | Error, bound: number): void;
    next(): Promise<Frame | typeof COMPLETE>;
}
export declare const DEFAULTS: {
    timeout: number;
    connectTimeout: number;
    openTimeout: number;
    heartbeat: number;
    backoff: number;
    maxBackoff: number;
    renewBefore: number;
    maxQueue: number;
    maxItems: number;
};
export declare function closingOf(code: number, detail: string): Closing;
/** Give the address of the consumer on the site `url`. */
export declare function address(url: string, face: Face, params: object): string;
export declare function handshake(url: string, face: Face, carrier: Carrier | undefined, token: string | undefined): [string, string[]?];
export declare function ask(source: TokenSource | undefined): Promise<string | undefined>;
/** Tell when a JWT expires, in milliseconds since 1970; `null` for a token that does not say. */
export declare function expiryOf(token: string | undefined): number | null;
/** Wait so long, or until `stopped`; no timer is left behind. */
export declare function pause(milliseconds: number, stopped: Promise<void>): Promise<void>;
export declare function reason(signal: AbortSignal | undefined): Error;
export declare function limited<T>(work: Promise<T>, timeout: number, signal: AbortSignal | undefined, late: () => string): Promise<T>;
