import type { Pool } from "../jobs/index.js";

/** What a command writes to; process.stdout and a stream that collects text both are one. */
export interface Output {
  write(text: string): unknown;
  /** Resolves once there is room for more; left out where there always is. */
  written?(): Promise<void>;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** The world as a command sees it. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /**
   * Sets whether work is under way that an abort of `signal` ends in order. Without it Ctrl-C may
   * end the process at once.
   */
  readonly keeps?: (keeps: boolean) => void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /**
   * Makes a pool of threads, one a core where their number is left open; left out where there is
   * this thread alone.
   */
  readonly threads?: (options: { readonly workers?: number }) => Pool;
}

/** Whether an output is a terminal that understands cursor movements. */
export function isTerminal(output: Output, { environment }: Io): boolean {
  return output.isTTY === true && environment.TERM !== "dumb";
}
