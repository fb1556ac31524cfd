// Made by `manage.py wsdrf_client typescript`, which writes it anew: do not edit.

import type { Face, Options } from "./parts.js";
import { Client } from "./runtime.js";

export { CallError, Disconnected, QueueFull, TimedOut, retryOf } from "./parts.js";
export type { CallSettings, Closing, FieldError, Options, TokenSource } from "./parts.js";
export type { Retry } from "./closing.js";

export type Delete = {
  line_id: number;
};

export type Deleted = {
  line_id: number;
};

export type Edit = {
  line_id: number;
  text: string;
};

export type Edited = {
  line_id: number;
  text: string;
};

/** Ask for the last lines. */
export type History = {
  limit?: number;
};

export type Kick = {
  user_id: number;
};

/** Somebody is no member any more, and was thrown out. */
export type Kicked = {
  user_id: number;
  username: string;
};

export type Member = {
  id: number;
  username: string;
  role: string;
  is_muted: boolean;
};

/** A line of the room, new or old. */
export type Said = {
  id: number;
  author: string;
  text: string;
  /** (date-time) */
  created: string;
};

export type Say = {
  text: string;
};

/** Somebody is writing; published by the REST view. */
export type Typing = {
  author: string;
};

export type RoomConsumerCalls = {
  /** Say something. */
  "chat.say": { payload: Say; reply: Said };
  /** Change a line of one's own. */
  "chat.edit": { payload: Edit; reply: Edited };
  /** Delete a line of one's own or, as a moderator, anybody's. */
  "chat.delete": { payload: Delete; reply: null };
  /** List who belongs to the room. */
  "room.members": { payload: undefined; reply: Member[] };
  /** End a membership, and throw its user out of the room. Moderators cannot be thrown out. */
  "room.kick": { payload: Kick; reply: null };
};

export type RoomConsumerStreams = {
  /** Give the last lines one by one, oldest first. */
  "chat.history": { payload: History | undefined; reply: Said };
};

export type RoomConsumerEvents = {
  "chat.said": Said;
  "chat.edited": Edited;
  "chat.deleted": Deleted;
  "chat.typing": Typing;
  "room.kicked": Kicked;
};

export type RoomConsumerParams = { pk: number };

/** Talk in one room. */
export class RoomConsumerClient extends Client<RoomConsumerCalls, RoomConsumerStreams, RoomConsumerEvents> {
  /** `url` is the site, such as wss://example.com. */
  constructor(url: string, options: Options<"subprotocol" | "message"> & { params: RoomConsumerParams }) {
    super(url, RoomConsumerFace, options.params, options);
  }
}

const RoomConsumerFace: Face = {"path": "/ws/rooms/{pk}/", "slashed": [], "carriers": ["subprotocol", "message"], "query": "token", "greets": true};
