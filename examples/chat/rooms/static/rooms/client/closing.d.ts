/** Whether to connect again. */
export type Retry = "never" | "after login" | "with back-off";
/** What each close code asks for; the rest follows from the code's hundred. */
export declare const RETRIES: {
    readonly [code: number]: Retry | undefined;
};
