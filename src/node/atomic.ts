import { randomUUID } from "node:crypto";
import { type FileHandle, open, readdir, realpath, rename, rm, stat, unlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";

/** The contents of a file: text, bytes, or a stream of pieces of them. */
export type FileData = string | Uint8Array | AsyncIterable<string | Uint8Array>;

/** After this long a temporary file of another machine's process is taken to be left over. */
const STALE_MILLISECONDS = 24 * 60 * 60 * 1000;

/**
 * Writes a file so that it is complete at every moment, with the old contents or the new ones, even
 * after a crash or a loss of power.
 *
 * The bytes go to a temporary file in the same folder, `.name.host.process.random.tmp`, which is
 * flushed to the disk and renamed; then the folder is flushed. Temporary files of this file that
 * ended processes left behind are removed. Simultaneous calls for one file are safe: the contents
 * of one of them remain. A symbolic link is followed. A device or a pipe, such as /dev/stdout, is
 * written to directly.
 *
 * @param path of a file that exists or not, in a folder that does.
 * @param data text is written as UTF-8; pieces are written as they come, in memory that does not
 * grow with them.
 * @throws (rejects) the file system's error, with the old file as it was and no temporary file
 * left.
 * @example
 * await writeFileAtomically("report.html", "<!doctype html>");
 */
export async function writeFileAtomically(path: string, data: FileData): Promise<void> {
  if (await isSpecial(path)) return writeFile(path, data);
  const target = await realpath(path).catch(() => resolve(path));
  const folder = dirname(target);
  const prefix = `.${basename(target)}.`;
  await removeStale(folder, prefix);
  const temporary = join(folder, `${prefix}${host()}.${process.pid}.${randomUUID()}.tmp`);
  try {
    await writeThrough(temporary, data, await modeOf(target));
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await flushFolder(folder);
}

/** Whether there is something by this name that a file must not take the place of. */
async function isSpecial(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found !== null && !found.isFile() && !found.isDirectory();
}

async function writeThrough(path: string, data: FileData, mode: number | undefined): Promise<void> {
  const file = await open(path, "wx");
  try {
    if (mode !== undefined) await file.chmod(mode);
    await writeFile(file, data);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A file that is replaced keeps its permissions. */
async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode & 0o777;
  } catch {
    return undefined;
  }
}

/**
 * Makes the renaming last. Where folders cannot be opened, as on Windows, the system sees to it.
 */
async function flushFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, "r");
    await handle.sync();
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (!["EISDIR", "EPERM", "EACCES", "EINVAL", "ENOTSUP", "EBADF"].includes(code)) throw error;
  } finally {
    await handle?.close();
  }
}

/**
 * Removes temporary files whose process on this machine has ended, and those that are a day old.
 */
async function removeStale(folder: string, prefix: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names) {
    if (!name.startsWith(prefix)) continue;
    const [, where, id] = /^(.*)\.(\d+)\.[\da-f-]{36}\.tmp$/.exec(name.slice(prefix.length)) ?? [];
    if (where === undefined) continue;
    const path = join(folder, name);
    // Someone else may have removed it meanwhile, and what cannot be removed is no reason not to
    // write.
    if (await isStale(path, where, Number(id))) await unlink(path).catch(() => undefined);
  }
}

async function isStale(path: string, where: string, id: number): Promise<boolean> {
  const here = where === host();
  if (here && !isRunning(id)) return true;
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
  // A container's first process has the same number in each of its lives.
  if (here && id === process.pid && mtimeMs < Date.now() - process.uptime() * 1000) return true;
  return mtimeMs < Date.now() - STALE_MILLISECONDS;
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** The machine's name, as far as file names allow. */
function host(): string {
  return hostname().replace(/[^\w-]/g, "-");
}
