// Made by `manage.py wsdrf_client typescript`, which writes it anew: do not edit.

/** Whether to connect again. */
export type Retry = "never" | "after login" | "with back-off";

/** What each close code asks for; the rest follows from the code's hundred. */
export const RETRIES: { readonly [code: number]: Retry | undefined } = {
  1000: "never",
  4400: "never",
  4401: "after login",
  4403: "after login",
  4404: "never",
  4408: "with back-off",
  4413: "never",
  4429: "with back-off",
  4500: "with back-off",
  4503: "with back-off",
};
