import { type Answer, BEAT, Bridge, type BridgeStart, type Question, writeAnswer } from "./bridge.js";
import { failure } from "./pool.js";

/** What an operator's thread hears: first with what to begin, then questions. */
export type ToBridge = { readonly start: BridgeStart; readonly shared: SharedArrayBuffer | null } | Question;

/** Between two signs of life. */
const BEAT_MILLISECONDS = 500;

/** Answers questions one after another; the way back is given. */
export function listener(reply: (answer: Answer) => void): (message: ToBridge) => void {
  let bridge: Promise<Bridge> | null = null;
  let last: Promise<void> = Promise.resolve();
  return (message) => {
    if ("start" in message) {
      bridge = Bridge.open(message.start);
      // Reported by the answers.
      bridge.catch(() => {});
      const { shared } = message;
      if (shared) setInterval(() => Atomics.add(new Int32Array(shared, 0, 16), BEAT, 1), BEAT_MILLISECONDS);
      return;
    }
    last = last.then(() => answer(bridge as Promise<Bridge>, message, reply));
  };
}

async function answer(bridge: Promise<Bridge>, question: Question, reply: (answer: Answer) => void): Promise<void> {
  const { id, shared } = question;
  let found: Answer;
  try {
    found = await (await bridge).answer(question);
  } catch (error) {
    const { reason, kind } = failure(error);
    found = { id, loss: 0, sum: new Float64Array(), error: { reason, kind } };
  }
  if (shared) writeAnswer(shared, found);
  else reply(found);
}
