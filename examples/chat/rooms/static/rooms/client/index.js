// Made by `manage.py wsdrf_client typescript`, which writes it anew: do not edit.
import { Client } from "./runtime.js";
export { CallError, Disconnected, QueueFull, TimedOut, retryOf } from "./parts.js";
/** Talk in one room. */
export class RoomConsumerClient extends Client {
    /** `url` is the site, such as wss://example.com. */
    constructor(url, options) {
        super(url, RoomConsumerFace, options.params, options);
    }
}
const RoomConsumerFace = { "path": "/ws/rooms/{pk}/", "slashed": [], "carriers": ["subprotocol", "message"], "query": "token", "greets": true };
