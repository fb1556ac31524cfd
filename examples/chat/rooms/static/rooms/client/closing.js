// Made by `manage.py wsdrf_client typescript`, which writes it anew: do not edit.
/** What each close code asks for; the rest follows from the code's hundred. */
export const RETRIES = {
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
