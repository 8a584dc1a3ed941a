/** What the command line's exit codes mean. */
export const exitCodes = { ended: 0, failed: 1, badInput: 2, interrupted: 130 } as const;

/** An end that one line reports to the user, without a stack trace. */
export class CommandError extends Error {
  constructor(
    readonly exitCode: number,
    message: string,
  ) {
    super(message);
  }
}

/** Something that the user gave cannot be used. */
export function badInput(message: string): never {
  throw new CommandError(exitCodes.badInput, message);
}

/** What was asked for could not be done. */
export function failed(message: string): never {
  throw new CommandError(exitCodes.failed, message);
}

/** Ctrl-C: what was reached has been reported. */
export function interrupted(message: string): never {
  throw new CommandError(exitCodes.interrupted, message);
}

/** Lets the library's refusals of what it was given reach the user as they are. */
export function refusals<T>(use: () => T): T {
  try {
    return use();
  } catch (error) {
    throw asRefusal(error);
  }
}

/**
 * The library says what is wrong with a value by a TypeError or RangeError of the form
 * `where: "argument" expected …`.
 */
export function asRefusal(error: unknown): unknown {
  if (error instanceof RangeError) return new CommandError(exitCodes.badInput, error.message);
  if (error instanceof TypeError && /^[\w.]+: /.test(error.message)) {
    return new CommandError(exitCodes.badInput, error.message);
  }
  return error;
}
