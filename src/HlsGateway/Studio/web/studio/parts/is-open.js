import { live } from "../frame/live.js";

/** Longer than this nothing was asked for: the session has probably ended. */
const OpenMs = 60_000;

/** The gateway's clock where its pulse is heard, else this one: people's clocks are wrong. */
const now = () => live.last === null ? Date.now() : Date.parse(live.last.counted_to) + live.last.lag_ms + performance.now() - live.lastAt;

/** Whether a session can still grow. */
export const isOpen = session => now() - Date.parse(session.last_at ?? session.started_at) < OpenMs;
