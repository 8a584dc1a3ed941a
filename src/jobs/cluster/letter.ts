import { checkKeys, checkObject, isObject, wrongType, wrongValue } from "../../check.js";
import type { FileReference } from "../lane.js";
import { failure } from "../pool.js";
import { checkTask, type Task } from "../tasks.js";
import { fromText, toText } from "../wire.js";
import { describeIdentity, type Identity } from "./identity.js";

/** What a job of the queue holds: a task, what it is done on, and for whom. */
export interface Letter {
  readonly identity: Identity;
  readonly task: Task;
  /** The digest of data, or a file in the worker's folder. */
  readonly data: string | FileReference;
  /** Digests of vectors. */
  readonly vectors: readonly string[];
  /** Seconds that a result is kept. */
  readonly keep: number;
}

/** Characters of a letter and of a result that need no place of their own. */
const LONGEST_LETTER = 1 << 20;
export const LONGEST_RESULT = 1 << 13;
/** What a result begins with that lies elsewhere. */
export const ELSEWHERE = "elsewhere:";

export function toLetter(letter: Letter): { letter: string } {
  return { letter: toText(letter) };
}

/** Reads a letter as one from a stranger. */
export function readLetter(data: unknown, mine: Identity): Letter {
  const text = isObject(data) ? data.letter : undefined;
  if (typeof text !== "string") wrongType("task", "letter", "text", text);
  if (text.length > LONGEST_LETTER) {
    wrongValue("task", "letter", `at most ${LONGEST_LETTER} characters`, String(text.length));
  }
  const letter = fromText(text);
  checkObject("task", "letter", letter);
  checkKeys("task", letter, ["identity", "task", "data", "vectors", "keep"]);
  const { identity, task, data: source, vectors, keep } = letter;
  checkIdentity(identity, mine);
  checkTask(task);
  if (isObject(source)) {
    checkKeys("task: data", source, ["file"]);
    if (typeof source.file !== "string") wrongType("task", "file", "the name of a file", source.file);
  } else checkDigest("data", source);
  if (!Array.isArray(vectors) || vectors.length > 2) wrongType("task", "vectors", "at most two digests", vectors);
  for (const digest of vectors) checkDigest("vectors", digest);
  if (!(Number.isSafeInteger(keep) && (keep as number) > 0)) wrongValue("task", "keep", "seconds", String(keep));
  return letter as unknown as Letter;
}

function checkDigest(name: string, value: unknown): void {
  if (typeof value !== "string") wrongType("task", name, "a digest", value);
  if (!/^[0-9a-f]{64}$/.test(value)) wrongValue("task", name, "a digest", "another text");
}

function checkIdentity(theirs: unknown, mine: Identity): void {
  const known = isObject(theirs) && ["version", "build", "code"].every((key) => typeof theirs[key] === "string");
  if (known && describeIdentity(theirs as unknown as Identity) === describeIdentity(mine)) return;
  const got = known ? describeIdentity(theirs as unknown as Identity).slice(0, 120) : "none";
  wrongValue(
    "task",
    "identity",
    `one for ${describeIdentity(mine)}`,
    got,
    "this worker is of another version or build",
  );
}

/** An error as the queue keeps it: class and message. */
export function reasonOf(error: unknown): string {
  const { kind, reason } = failure(error);
  return `${kind}: ${reason}`;
}

/** What such a text says. */
export function failureOf(text: string): { status: "failed"; reason: string; kind: string } {
  const [, kind = "Error", reason = text] = /^(TypeError|RangeError|Error): (.*)$/s.exec(text) ?? [];
  return { status: "failed", reason, kind };
}
